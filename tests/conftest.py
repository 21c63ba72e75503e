import fcntl
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from reading import KINDS, pages_of

from rso_report import dataset
from rso_report.publication import chromium

ROOT = Path(__file__).resolve().parents[1]

# The files that take longest, longest first: begun last, one of them would end alone. Between those
# that need the built site is one that does not, or a worker would wait for the other to build it.
LONGEST = ("reproducible", "mutation", "kill", "rehearsal", "notebooks", "accessibility", "build")
LONGEST += ("browser", "incremental", "deliberate_faults", "escaping", "everywhere", "hostile")
LONGEST += ("ingest", "provenance", "execute", "cli")


def pytest_collection_modifyitems(items):
    place = {f"test_{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


def pytest_configure(config):
    """Check the data of this checkout, and note their digest where a build does.

    So neither a test that loads them, or a copy of them, nor a program that it starts checks all of
    them again; whatever differs in a byte is checked. Workers find what the first process noted.
    """
    if hasattr(config, "workerinput"):
        return
    if dataset.check():
        return dataset.RECORD.unlink(missing_ok=True)
    sound = dataset.digest(dataset.descriptor(), dataset.data_folder())
    if not dataset.RECORD.exists() or dataset.RECORD.read_text() != sound:
        dataset.RECORD.parent.mkdir(exist_ok=True)
        dataset.RECORD.write_text(sound)


@pytest.fixture(scope="session", autouse=True)
def data_checked_once():
    assert dataset.RECORD.exists() or dataset.check() == []


@pytest.fixture(scope="session")
def data(data_checked_once):
    """All tables of this checkout; a test that changes one changes a copy."""
    names = [resource["name"] for resource in dataset.descriptor()["resources"]]
    yield (loaded := dataset.load(*names))
    anew = dataset.load(*names)
    assert [name for name in names if not getattr(anew, name).equals(getattr(loaded, name))] == []


@pytest.fixture(scope="session", autouse=True)
def seldom_looked_for_garbage():
    """What was imported is never garbage, and to look through it again takes 7 % of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """The built report: the folder in RSO_REPORT_SITE, or a fresh build of the default edition.

    Workers that test in parallel share one build: the first makes it while the others wait.
    """
    if given := os.environ.get("RSO_REPORT_SITE"):
        assert (Path(given) / "index.html").is_file(), f"RSO_REPORT_SITE={given} has no index.html"
        return Path(given).resolve()
    base = tmp_path_factory.getbasetemp()
    output = (base if worker_id == "master" else base.parent) / "site"
    output.mkdir(exist_ok=True)
    with open(output / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (output / "built").exists():
            build(output)
            (output / "built").touch()
    return output / "_build" / "html"


@pytest.fixture(scope="module")
def all_pages(site):
    """Every page of the report by its path."""
    return pages_of(site)


@pytest.fixture(scope="session")
def documents(site):
    """Every page of the report as a tree, by its path."""
    return {
        name: BeautifulSoup(path.read_text(), "html.parser")
        for name, path in pages_of(site).items()
    }


@pytest.fixture(
    scope="module", params=["a page of each kind", pytest.param("others", marks=pytest.mark.slow)]
)
def pages(all_pages, request):
    """Pages that are opened in every mode: a few in `make test`, the others when it is broad."""
    if request.param == "others":
        return {name: path for name, path in all_pages.items() if name not in KINDS}
    return {name: all_pages[name] for name in KINDS}


@pytest.fixture(scope="module")
def one_of_each_kind(all_pages):
    """Pages for what is the same on all of their kind."""
    return {name: all_pages[name] for name in KINDS}


def build(output):
    """Build the book of this checkout as a reader of Jupyter Book's manual would."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "-n", "--keep-going"]
    done = subprocess.run(
        [*command, "--all", "--path-output", output, ROOT],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"the book does not build:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


@pytest.fixture(scope="session")
def browser():
    if chromium.program() is None:
        pytest.fail(
            "no `chromium` on the path, and pages must be tested in a browser: "
            "install it (Debian or Ubuntu: apt-get install chromium)"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.how_to_start())
        yield browser
        browser.close()
