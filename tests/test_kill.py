"""Whatever breaks a build, readers get a whole site, and the next build succeeds.

A toy project is built by what `make report` starts, over and over, each time with other data; the
build is killed at random moments, runs out of room, or meets what it can't read.
All the while a reader reads the whole site. What each page says is sealed by a hash, so that half
a page, or a page of another build than its neighbours, is seen.
"""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import count

import pytest
from test_build import Project, stand_in, write_project

from rso_report.cli import SNAKEMAKE
from rso_report.publication.site import without_notice

SEED = 20261125
BUILD = (sys.executable, "-m", "snakemake", "report", *SNAKEMAKE)  # as `rso-report build` does

# A stand-in for Jupyter Book: pages that say which data they are of, sealed and linked.
SEALED_BOOK = """
import hashlib, json, sys
from pathlib import Path
from rso_report.publication.book import say

PAGES = 12
LONG = "The same words on each page of every edition. " * 400

def main():
    work = Path(sys.argv[-1])
    site = work / "_build" / "html"
    (site / "notebooks").mkdir(parents=True, exist_ok=True)
    cells = json.loads((work / "notebooks" / "more.ipynb").read_text())["cells"]
    number = "".join(cells[-1]["outputs"][0]["text"]).split()[1]
    names = ["index.html", *(f"notebooks/page-{n}.html" for n in range(PAGES))]
    for name in names:
        up = "../" * name.count("/")
        links = "".join(f'<a href="{up}{other}">{other}</a>' for other in names)
        page = f'<main id="main-content">[of {number}]{links}<p>{LONG}</p></main>'
        seal = hashlib.sha256(page.encode()).hexdigest()
        (site / name).write_text(f"{page}<!--{seal}-->")
    say(work)
"""


class Reader(threading.Thread):
    """Reads the whole site, again and again, from its first page; notes whatever is not whole."""

    def __init__(self, live):
        super().__init__(daemon=True)
        self.live, self.passes, self.files, self.wrong = live, 0, 0, []
        self.seen = []
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(0.02):
            try:
                self.notice(read_site(self.live.resolve(strict=True)))
                # As a web server does: each request finds its own way through the link.
                for name in ("index.html", "west-midlands-2021-22/index.html"):
                    judged((self.live / name).read_bytes(), name)
            except (OSError, AssertionError) as error:
                self.wrong.append(repr(error))

    def notice(self, editions):
        self.passes += 1
        self.files += sum(len(pages) for pages in editions.values())
        number = editions["west-midlands-2021-22"]["index.html"]
        if number not in self.seen[-1:]:
            self.seen.append(number)


def judged(content, name):
    """What a sealed page is of; raises AssertionError if it is not whole. The index has no seal."""
    page = without_notice(content).decode()
    if name == "index.html":
        assert page.endswith("</html>\n"), f"{name}: half"
        return None
    words, seal = re.fullmatch(r"(.*)<!--(\w+)-->", page, re.DOTALL).groups()
    assert hashlib.sha256(words.encode()).hexdigest() == seal, f"{name}: half"
    return int(re.search(r"\[of (\d+)\]", words)[1])


def read_site(site):
    """The number of each page by edition, followed link by link from the index of all editions.

    Raises AssertionError if a page is half, leads nowhere, or is of another build than the others.
    """
    found, waiting = {}, ["index.html"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            path = site / name
            content = path.read_bytes()
            found[name] = judged(content, name) if name.endswith(".html") else None
            for link in re.findall(r'href="([^"#:]+)"', content.decode()):
                waiting.append(os.path.normpath(os.path.join(os.path.dirname(name), link)))
    editions = {}
    for name, number in found.items():
        edition, _, page = name.partition("/")
        if page:
            editions.setdefault(edition, {})[page] = number
    for edition, pages in editions.items():
        assert len(pages) == 13 and len(set(pages.values())) == 1, f"{edition}: {pages}"
    assert sorted(editions) == ["west-midlands-2019-20", "west-midlands-2021-22"], editions
    return editions


def published(project):
    """The number that the default edition of the site is of."""
    return read_site(project.root / "_site")["west-midlands-2021-22"]["index.html"]


def give(project, number):
    (project.root / "data" / "orders.csv").write_text(f"count\n{number}\n")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project of one notebook with two editions published, the default one of number 1."""
    root = tmp_path_factory.mktemp("kill") / "toy"
    write_project(root)
    (root / "notebooks" / "summary.ipynb").unlink()
    stand_in(root, SEALED_BOOK)
    (root / "src" / "sitecustomize.py").write_text(SMALL_DISK)
    project = Project(root)
    give(project, 1)
    build(project, "--config", "year=2019-20,2021-22")
    assert published(project) == 1
    return project


def build(project, *more):
    """Build, which must succeed."""
    running = project.start(*more, command=BUILD)
    _, errors = running.communicate()
    assert running.returncode == 0, errors


def refused(project, full="-"):
    """Build, which must fail and leave the site as it is; return what was said."""
    before = published(project), (project.root / "_site").resolve()
    running = project.start(command=("env", f"FULL_AT={full}", *BUILD))
    _, errors = running.communicate()
    assert running.returncode > 0, errors
    assert (published(project), (project.root / "_site").resolve()) == before
    return errors


@pytest.fixture
def reader(project):
    """Reads the site while a test breaks builds; at its end nothing may have been wrong."""
    reader = Reader(project.root / "_site")
    reader.start()
    yield reader
    reader.done.set()
    reader.join()
    assert reader.wrong == []
    assert reader.passes > 20
    assert reader.seen == sorted(reader.seen)  # never back to an older build


def killed(project, after):
    """Build, and kill the build and all its children after some seconds; return its last step.

    Returns None if it had finished before, which it then did well.
    """
    running = project.start(command=BUILD)
    try:
        running.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
    _, errors = running.communicate()
    if running.returncode != -signal.SIGKILL:
        assert running.returncode == 0, errors
        return None
    steps = re.findall(r"Step \d+ of \d+(?: again)?: (\w+)", errors)
    return steps[-1] if steps else "before the first step"


@pytest.mark.parametrize("number_of_kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments_the_site_stays_whole_and_the_next_build_succeeds(
    project, reader, capsys, number_of_kills
):
    chance, kills = random.Random(SEED), Counter()
    numbers = count(published(project) + 1)
    lasts = timed(project, next(numbers))
    while kills.total() < number_of_kills:
        number = next(numbers)
        give(project, number)
        step = killed(project, after=chance.uniform(0, lasts))
        assert step or published(project) == number
        kills.update([step] if step else [])
        if step and kills.total() % 5 == 0:
            lasts = timed(project, next(numbers))
    with capsys.disabled():
        print(
            f"\n{kills.total()} kills (seed {SEED}), by step: {dict(kills)}. Meanwhile "
            f"{reader.passes} readings of the whole site, {reader.files} files, "
            f"{len(reader.wrong)} of them not whole."
        )
    assert len(kills) > 2 or number_of_kills < 50


def timed(project, number):
    """Publish a number; return how long that took, in seconds."""
    give(project, number)
    started = time.monotonic()
    build(project)
    assert published(project) == number
    return time.monotonic() - started


def test_a_full_disk_is_named_at_each_step_and_leaves_nothing_in_the_way(project, reader):
    """A run gets as far as the one before did not, so what that left was no hindrance."""
    number = published(project) + 1
    give(project, number)
    for step, words in DISK_FULL.items():
        said = refused(project, full=step)
        assert re.search(words, said) and "Traceback" not in said, said
    build(project)
    assert published(project) == number


# At each step that writes much: what is said of it.
DISK_FULL = {
    "rso_report.warm": r"\nbuild/.*/more\.ipynb was not written: File too large\.",
    "rso_report.publication.assemble": r"\nThe book was not built:\n.*File too large",
    "rso_report.publication.site": r"\nThe site was not published, .*File too large",
}
# No file may get longer than 900 bytes, at which a write ends as it does on a full disk.
SMALL_DISK = """
import os, resource, sys

if os.environ.get("FULL_AT", "-") in " ".join(sys.orig_argv[1:]).split():
    resource.setrlimit(resource.RLIMIT_FSIZE, (900, resource.RLIM_INFINITY))
    # Of a module's bytecode too, half would be written, and taken for the whole by later builds.
    sys.dont_write_bytecode, os.environ["PYTHONDONTWRITEBYTECODE"] = True, "1"
"""


def test_a_source_that_can_not_be_read_is_named_and_nothing_older_is_published_for_it(
    project, reader
):
    number = published(project)
    for name in ("data/orders.csv", "notebooks/more.ipynb", "data/datapackage.json"):
        source = project.root / name
        aside = source.rename(source.with_suffix(".aside"))
        source.symlink_to("nowhere")
        assert refused(project).startswith(f"{name}: No such file or directory. Nothing was built")
        source.unlink()
        source.mkdir()
        assert refused(project).startswith(f"{name}: Is a directory. Nothing was built")
        source.rmdir()
        aside.rename(source)
    build(project)
    assert published(project) == number
