"""All editions side by side: notices, the index, and a switch that leaves a whole site always."""

import errno
import json
import os
import re
import shutil
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup
from reading import contents

from rso_report import dataset
from rso_report.edition import open_edition
from rso_report.errors import ReportError
from rso_report.publication import axe, policy, provenance, provenance_pages, site
from rso_report.publication.site import (
    notice,
    publish,
    read_edition,
    with_notice,
    without_notice,
)

PAGE = '<!DOCTYPE html>\n<html><body>\n<main id="main-content" class="bd-main" role="main">\n'
AREAS = {"north-east": "North East", "west-midlands": "West Midlands"}
PAGES = ("index.html", "404.html", "notebooks/summary.html", "notebooks/breaches.html")


def built(root, region, year, *more, words=""):
    """An edition as the graph builds it: EDITION/pages; return its start page."""
    pages = root / "build" / f"{region}-{year}" / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    for name in (*PAGES, *more, "_static/rso.css"):
        path = pages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{PAGE}<h1>{name}, {region} {year} {words}</h1></main></body></html>\n")
    (pages / "_static" / "rso.css").write_text("the same in every edition " * 100)
    (pages / "index.html").write_text("leads to the start page")
    name = AREAS[region]
    said = {"region": name, "year": year, "title": f"{name} region, {year}"}
    said |= {"data_end": f"20{year[-2:]}-03-31", "lacks": ["Staffing and overdue visits"]}
    (pages / "edition.json").write_text(json.dumps(said))
    return pages / "index.html"


@pytest.fixture(autouse=True)
def no_search(monkeypatch):
    """Without the gate (tests/test_gate.py and tests/test_build.py have it)."""
    monkeypatch.setattr(policy, "require_secured", lambda _: None)
    monkeypatch.setattr(provenance, "require_as_built", lambda _: None)
    monkeypatch.setattr(axe, "require_accessible", lambda *_: None)


@pytest.fixture
def live(tmp_path):
    return tmp_path / "_site"


@pytest.fixture
def three(tmp_path, live):
    """Two editions of a region and one of another, published."""
    starts = [
        built(tmp_path, "west-midlands", "2019-20", "notebooks/gone.html"),
        built(tmp_path, "west-midlands", "2021-22", "notebooks/changes.html"),
        built(tmp_path, "north-east", "2020-21"),
    ]
    publish(live, starts)
    return live


def notices(live):
    """The text of the notice of each page that has one: that there is a later edition."""
    found = {}
    for path in sorted(live.glob("*/**/*.html")):
        for said in BeautifulSoup(path.read_text(), "html.parser").select("aside p:has(strong)"):
            found[path.relative_to(live).as_posix()] = said.get_text()
    return found


def switch(page):
    """What a page leads to, by the head of the line: words and the file, None for itself."""
    lines = BeautifulSoup(page.read_text(), "html.parser").select("aside p:not(:has(strong))")
    site = page.parents[2]
    return {
        line.get_text().partition(":")[0]: {
            each.get_text(): each.get("href")
            and (page.parent / each["href"]).resolve().relative_to(site.resolve()).as_posix()
            for each in line.select("a, span")
        }
        for line in lines
    }


# Notices


def test_every_page_of_an_older_edition_leads_to_the_same_page_of_the_latest(three):
    page = three / "west-midlands-2019-20" / "notebooks" / "breaches.html"
    said = BeautifulSoup(page.read_text(), "html.parser").select_one("main > aside > p")
    assert said.get_text() == (
        "This is the edition for 2019-20. A later one for the West Midlands region, 2021-22, is "
        "here: the same page in the edition for 2021-22."
    )
    target = (page.parent / said.a["href"]).resolve()
    assert target == (three / "west-midlands-2021-22/notebooks/breaches.html").resolve()


def test_a_page_that_the_latest_has_no_more_leads_to_its_start(three):
    page = three / "west-midlands-2019-20" / "notebooks" / "gone.html"
    link = BeautifulSoup(page.read_text(), "html.parser").aside.a
    assert link["href"] == "../../west-midlands-2021-22/notebooks/summary.html"
    assert link.get_text() == "its start page in the edition for 2021-22"


def test_every_page_leads_to_itself_in_other_years_and_regions_that_are_built(tmp_path, three):
    pages = "west-midlands-2021-22/notebooks"
    assert switch(three / pages / "breaches.html") == {
        "Year": {"2021-22": None, "2019-20": "west-midlands-2019-20/notebooks/breaches.html"},
        "Region": {
            "North East (2020-21)": "north-east-2020-21/notebooks/breaches.html",
            "West Midlands": None,
        },
    }
    assert switch(three / pages / "changes.html")["Year"] == {
        "2021-22": None,
        "2019-20": "west-midlands-2019-20/notebooks/summary.html",
    }
    publish(three, [built(tmp_path, "north-east", "2021-22")])
    assert switch(three / pages / "breaches.html")["Region"] == {
        "North East": "north-east-2021-22/notebooks/breaches.html",
        "West Midlands": None,
    }


def test_an_edition_alone_has_nothing_to_lead_to(tmp_path, live):
    publish(live, [built(tmp_path, "north-east", "2020-21")])
    assert not any(b"<aside" in path.read_bytes() for path in live.rglob("*.html"))


def test_only_older_editions_have_notices_and_another_regions_year_makes_none(three):
    assert list(notices(three)) == [
        f"west-midlands-2019-20/notebooks/{name}.html" for name in ("breaches", "gone", "summary")
    ]


def test_a_notice_is_one_line_behind_the_start_of_the_main_content_and_comes_off_again(three):
    page = three / "west-midlands-2019-20" / "notebooks" / "breaches.html"
    content = page.read_bytes()
    line = next(line for line in content.split(b"\n") if b"<main" in line)
    assert re.fullmatch(
        rb'<main[^>]*><aside class="edition-notice" data-edition-notice>'
        rb'(?:[^<>]|</?(?:p|strong|span)>|<a href="[^"<>]*">|</a>)*</aside>',
        line,
    )
    built = three.parent / "build" / "west-midlands-2019-20" / "pages" / "notebooks"
    assert without_notice(content) == (built / "breaches.html").read_bytes()


def test_what_a_record_says_is_escaped(tmp_path):
    start = built(tmp_path, "west-midlands", "2019-20")
    path = start.parent / "edition.json"
    said = json.loads(path.read_text()) | {"title": "<b>W</b>, 2019-20", "lacks": ["<i>"]}
    path.write_text(json.dumps(said))
    old = read_edition(start.parent, "west-midlands-2019-20")
    late = replace(old, name="<b>", year="<b>", latest=True)
    assert "<b>" not in notice(old, [old, late], [], "index.html") + site.index([old])
    assert "<i>" not in site.index([old])


def test_a_page_without_main_content_stays_as_it_is():
    assert with_notice(b"<p>Words</p>", "<aside></aside>") == b"<p>Words</p>"


def test_a_later_edition_gives_the_earlier_ones_new_notices(tmp_path, three):
    publish(three, [built(tmp_path, "west-midlands", "2022-23")])
    said = notices(three)
    assert {text for name, text in said.items() if "2019-20" in name} == {
        text.replace("2021-22", "2022-23")
        for text in (
            "This is the edition for 2019-20. A later one for the West Midlands region, 2021-22, "
            "is here: the same page in the edition for 2021-22.",
            "This is the edition for 2019-20. A later one for the West Midlands region, 2021-22, "
            "is here: its start page in the edition for 2021-22.",
        )
    }
    assert any(name.startswith("west-midlands-2021-22") for name in said)
    assert not any(name.startswith("west-midlands-2022-23") for name in said)


def test_an_edition_with_other_parameters_is_never_the_latest(tmp_path, live):
    start = built(tmp_path, "west-midlands", "2021-22")
    other = start.parents[1].with_name("west-midlands-2021-22-crew-1")
    start.parents[1].rename(other)
    old = built(tmp_path, "west-midlands", "2019-20")
    publish(live, [other / "pages" / "index.html", old])
    assert notices(live) == {}
    assert "with other parameters: west-midlands-2021-22-crew-1" in (
        (live / "index.html").read_text()
    )
    publish(live, [built(tmp_path, "west-midlands", "2021-22")])
    assert {name.partition("/")[0] for name in notices(live)} == {"west-midlands-2019-20"}


# The index and the list


def test_the_index_lists_each_edition_with_its_region_its_data_and_what_it_lacks(three):
    page = BeautifulSoup((three / "index.html").read_text(), "html.parser")
    assert [h.get_text() for h in page.select("h2")] == [
        "North East region",
        "West Midlands region",
    ]
    assert [c.get_text() for c in page.select("caption")] == [
        "Editions for the North East region",
        "Editions for the West Midlands region",
    ]
    rows = [[c.get_text() for c in row.select("th, td")] for row in page.select("tbody tr")]
    assert rows[1] == [
        "2021-22, the West Midlands region latest",
        "31 March 2022",
        "Staffing and overdue visits",
        "What changed in 2021-22, the West Midlands region",
    ]
    assert rows[2][0] == "2019-20, the West Midlands region"
    assert rows[2][3] == "none"
    assert all(th["scope"] == "row" for th in page.select("tbody th"))
    for link in page.select("a"):
        assert (three / link["href"]).is_file()


def test_the_list_for_programs_says_the_same(three):
    listed = json.loads((three / "editions.json").read_text())["editions"]
    assert [(e["name"], e["latest"]) for e in listed] == [
        ("north-east-2020-21", True),
        ("west-midlands-2021-22", True),
        ("west-midlands-2019-20", False),
    ]
    assert listed[1]["start"] == "west-midlands-2021-22/index.html"
    assert listed[1]["changes"] == "west-midlands-2021-22/notebooks/changes.html"
    assert (listed[1]["pdf"], listed[2]["changes"]) == (None, None)
    assert (listed[1]["data_end"], listed[1]["region"]) == ("2022-03-31", "West Midlands")


def test_a_folder_that_is_no_edition_is_refused_by_name(tmp_path, live):
    with pytest.raises(ReportError, match=r"mars/pages: found no edition\.json.*Remove it"):
        start = built(tmp_path, "west-midlands", "2018-19")
        (start.parent / "edition.json").unlink()
        start.parents[1].rename(tmp_path / "build" / "mars")
        publish(live, [tmp_path / "build" / "mars" / "pages" / "index.html"])


def test_a_pdf_is_published_only_if_it_is_of_these_pages(tmp_path, live):
    start = built(tmp_path, "west-midlands", "2021-22")
    pdf = start.parents[1] / "report.pdf"
    pdf.write_bytes(b"%PDF")
    publish(live, [start])
    assert (live / "west-midlands-2021-22.pdf").read_bytes() == b"%PDF"
    assert "west-midlands-2021-22.pdf" in (live / "index.html").read_text()
    publish(live, [built(tmp_path, "north-east", "2021-22")])  # the other stays with its PDF
    assert (live / "west-midlands-2021-22.pdf").exists()
    os.utime(pdf, (0, 0))
    publish(live, [start])
    assert not (live / "west-midlands-2021-22.pdf").exists()


def test_the_record_says_where_the_data_end_and_what_is_missing():
    data = dataset.load(*provenance_pages.TABLES)
    edition, _ = open_edition(data, report_year="2021-22", region="West Midlands")
    assert provenance_pages.described(data, edition) == {
        "region": "West Midlands",
        "year": "2021-22",
        "title": "West Midlands region, 2021-22",
        "data_end": "2022-03-31",
        "lacks": ["Visits made"],
    }
    edition, _ = open_edition(data, report_year="2009-10", region="West Midlands")
    lacks = provenance_pages.described(data, edition)["lacks"]
    assert {"Recorded breach offences", "Cautions or convictions"} <= set(lacks)
    assert "RSOs in the community" not in lacks


# What a browser makes of it


def test_index_and_notice_read_well_without_scripts_on_a_narrow_screen_and_in_the_dark(
    three, browser
):
    css = (Path(__file__).parents[1] / "book" / "_static" / "rso.css").read_text()
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 320, "height": 640}, color_scheme=scheme, offline=True
        )
        for name in ("index.html", "west-midlands-2019-20/notebooks/breaches.html"):
            page, said = context.new_page(), []
            page.on("console", lambda message, said=said: said.append(message.text))
            page.goto((three / name).resolve().as_uri())
            if name == "index.html":
                assert page.evaluate("document.documentElement.scrollWidth") <= 320
                small = page.evaluate(
                    "[...document.querySelectorAll('a')].filter("
                    "a => a.getBoundingClientRect().height < 24).map(a => a.outerHTML)"
                )
                assert small == []
                bypass = browser.new_context(
                    bypass_csp=True, color_scheme=scheme, viewport={"width": 320, "height": 640}
                )
                page = bypass.new_page()
                page.goto((three / name).resolve().as_uri())
                page.evaluate(AXE_SCRIPT)
                found = page.evaluate("axe.run().then(r => r.violations.map(v => v.id))")
                assert found == []
                bypass.close()
            else:
                page.add_style_tag(content=css)
                box = page.locator("aside.edition-notice").bounding_box()
                assert box["x"] >= 0 and box["x"] + box["width"] <= 320
                assert page.locator("aside.edition-notice a").first.is_visible()
            assert said == []
        context.close()


# The switch


def test_the_site_is_a_link_to_one_folder_named_by_its_content(three):
    assert three.is_symlink()
    assert not os.path.isabs(os.readlink(three))
    store = three.parent / "build" / "site"
    assert [path for path in store.iterdir() if path.is_dir()] == [three.resolve()]


def test_a_web_server_can_read_all_of_a_site_and_its_way_there_whatever_the_umask(tmp_path, live):
    before = os.umask(0o077)
    try:
        publish(live, [built(tmp_path, "west-midlands", "2019-20")])
    finally:
        os.umask(before)
    folder = live.resolve()
    modes = {path: path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}
    for above in (tmp_path / "build" / "site", tmp_path / "build"):
        assert above.stat().st_mode & 0o011 == 0o011


def test_nothing_of_a_site_is_left_out_where_it_is_served_from_a_branch(tmp_path, three):
    """GitHub Pages drops the folders whose names begin with _ unless this file is there."""
    assert (three / ".nojekyll").read_bytes() == b""
    (three.resolve() / ".nojekyll").unlink()
    publish(three, [built(tmp_path, "north-east", "2021-22")])
    assert (three / ".nojekyll").is_file()


def test_the_last_site_stays_until_the_next_time_for_whoever_is_copying_it(tmp_path, three):
    last = three.resolve()
    before = contents(last)
    publish(three, [built(tmp_path, "north-east", "2021-22")])
    assert three.resolve() != last and contents(last) == before
    publish(three, [built(tmp_path, "north-east", "2022-23")])
    assert not last.exists()


def test_the_same_editions_make_the_same_site_in_whatever_order_they_come(tmp_path):
    sites = []
    for place, order in (("one", 1), ("another", -1)):
        starts = [
            built(tmp_path / place, region, year)
            for region, year in (("west-midlands", "2019-20"), ("north-east", "2020-21"))[::order]
        ]
        for start in starts:
            publish(tmp_path / place / "_site", [start])
        sites.append(tmp_path / place / "_site")
    assert contents(sites[0]) == contents(sites[1])
    assert sites[0].resolve().name == sites[1].resolve().name


def test_publishing_the_same_again_touches_nothing(tmp_path, three):
    before = three.lstat().st_ino, three.resolve()
    built_again = built(tmp_path, "north-east", "2020-21")
    publish(three, [built_again])
    assert (three.lstat().st_ino, three.resolve()) == before


def test_a_file_of_many_editions_is_stored_once_and_no_build_can_write_to_it(tmp_path, three):
    styles = list(three.glob("*/_static/rso.css"))
    assert len(styles) == 3
    assert len({path.stat().st_ino for path in styles}) == 1
    source = tmp_path / "build" / "north-east-2020-21" / "pages" / "_static" / "rso.css"
    assert source.stat().st_ino != styles[0].stat().st_ino
    inode = styles[0].stat().st_ino
    publish(three, [built(tmp_path, "north-east", "2021-22")])
    assert (three / "north-east-2021-22/_static/rso.css").stat().st_ino == inode


def test_a_site_that_someone_meddled_with_is_put_right(tmp_path, three):
    start = tmp_path / "build" / "north-east-2020-21" / "pages" / "index.html"
    before = contents(three)
    (three / "north-east-2020-21" / "notebooks" / "summary.html").unlink()
    publish(three, [start])
    assert contents(three) == before
    (three / "index.html").unlink()
    publish(three, [start])
    assert contents(three) == before
    three.unlink()
    publish(three, [start])
    assert {e["name"] for e in json.loads((three / "editions.json").read_text())["editions"]} == {
        "north-east-2020-21"
    }


def test_a_link_that_leads_nowhere_is_replaced(tmp_path, three):
    shutil.rmtree(tmp_path / "build" / "site")
    assert three.is_symlink() and not three.exists()
    publish(three, [tmp_path / "build" / "north-east-2020-21" / "pages" / "index.html"])
    assert (three / "north-east-2020-21" / "index.html").is_file()


def test_a_folder_in_the_place_of_the_site_is_named_and_left_alone(tmp_path, live):
    (live / "own").mkdir(parents=True)
    with pytest.raises(ReportError, match=r"stays as it was\. .*_site: Is a directory"):
        publish(live, [built(tmp_path, "west-midlands", "2021-22")])
    assert [path.name for path in live.iterdir()] == ["own"]


def failing_at(step, exception, patched):
    """Let one of the calls that write fail, by its place among them; return those made."""
    calls = []

    def failing(name, real):
        def call(*given, **options):
            calls.append(name)
            if len(calls) == step:
                raise exception
            return real(*given, **options)

        return call

    # A second name that fails is no failure: the file is written instead.
    names = ["write_bytes", "mkdir", "rename", "symlink_to"]
    names += [] if isinstance(exception, OSError) else ["hardlink_to"]
    for name in names:
        patched.setattr(Path, name, failing(name, getattr(Path, name)))
    patched.setattr(os, "replace", failing("replace", os.replace))
    return calls


@pytest.mark.parametrize("was", ["link", "nothing"])
@pytest.mark.parametrize("exception", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_whatever_fails_on_the_way_the_last_site_stays_whole(
    tmp_path, live, monkeypatch, was, exception
):
    """Every call that writes, one after another, is the one that fails."""
    if was == "link":
        publish(live, [built(tmp_path, "west-midlands", "2019-20")])
    before = contents(live) if live.exists() else {}
    new = built(tmp_path, "west-midlands", "2021-22", words="new")
    failed = 0
    for step in range(1, 100):
        with monkeypatch.context() as patched:
            calls = failing_at(step, exception, patched)
            try:
                publish(live, [new])
                break
            except (ReportError, KeyboardInterrupt) as error:
                failed += 1
                if isinstance(error, ReportError):
                    assert "the last one stays as it was" in str(error)
                    assert "No space left" in str(error)
        assert (contents(live) if live.exists() else {}) == before, calls[-1]
    assert failed > 10
    assert "new" in (live / "west-midlands-2021-22" / "notebooks" / "summary.html").read_text()


WATCHED = ("open", "os.link", "os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir")


def publish_killed(live, start, step):
    """Publish in a process of its own that is killed at a step; return whether it was."""
    child = os.fork()
    if not child:
        calls = []

        def watch(event, _):
            if event in WATCHED:
                calls.append(event)
                if len(calls) == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        try:
            publish(live, [start])
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_publisher_that_is_killed_leaves_a_whole_site_and_the_next_one_succeeds(tmp_path, live):
    first = built(tmp_path, "west-midlands", "2019-20")
    publish(live, [first])
    old = contents(live)
    start = built(tmp_path, "west-midlands", "2021-22")
    publish(live, [start])
    new = contents(live)
    seen = []
    for step in range(1, 500, 3):
        live.unlink()
        publish(live, [first])
        left = tmp_path / "build/site/left/by/a/run.html"  # is removed first, step by step
        left.parent.mkdir(parents=True)
        left.write_text("cut short")
        killed = publish_killed(live, start, step)
        served = contents(live)
        assert served in (old, new), step
        seen.append(served == new)
        publish(live, [start])
        assert contents(live) == new
        kept = {p for p in (tmp_path / "build/site").iterdir() if p.is_dir()}
        assert live.resolve() in kept and len(kept) <= 2  # and the last one
        assert not any(p.name == ".new" for p in kept)
        if not killed:
            break
    assert not killed and len(seen) > 20
    assert seen == sorted(seen)  # the old site up to one step, the new one from then on
    assert seen.count(True) == 1  # behind the switch nothing is left to be done


def test_an_unreadable_page_is_named(tmp_path, three):
    start = built(tmp_path, "north-east", "2021-22")
    before = contents(three)
    (start.parent / "notebooks" / "lost.html").symlink_to("nowhere")
    with pytest.raises(ReportError, match=r"the last one stays.*lost\.html: No such file"):
        publish(three, [start])
    assert contents(three) == before


def test_a_second_publisher_waits_for_the_first(tmp_path, three):
    start = built(tmp_path, "west-midlands", "2022-23")
    second = threading.Thread(target=publish, args=(three, [start]))
    with site.alone(tmp_path / "build" / "site"):
        second.start()
        second.join(0.5)
        assert second.is_alive()
        assert not (three / "west-midlands-2022-23").exists()
    second.join(30)
    assert (three / "west-midlands-2022-23" / "index.html").is_file()


def test_the_command_says_where_the_report_is(tmp_path, live, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    starts = [built(tmp_path, "west-midlands", year) for year in ("2019-20", "2021-22")]
    assert site.main(["_site", *map(str, starts)]) == 0
    said = capsys.readouterr()
    assert said.out == (
        f"The report is ready: {live}/west-midlands-2019-20/index.html\n"
        f"The report is ready: {live}/west-midlands-2021-22/index.html\n"
        f"All editions: {live}/index.html\n"
    )
    starts[0].unlink()
    assert site.main(["_site", str(starts[0])]) == 1
    assert "there is no such start page" in capsys.readouterr().err
