"""Pages as their author sees them: shown again after each build, and written to nowhere."""

import os
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.request import urlopen

from rso_report.publication import preview
from rso_report.publication.policy import secured

PAGE = '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{0}</body></html>'


@contextmanager
def shown(folder):
    with preview.server(folder) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/", serving
        serving.shutdown()


def test_what_loads_a_page_again_is_sent_and_stands_in_no_file(tmp_path):
    page = tmp_path / "index.html"
    page.write_text(PAGE.format("one"))
    (tmp_path / "a.css").write_text("p {}")
    with shown(tmp_path) as (address, _):
        assert '<script src="/-reload/0"></script></head>' in urlopen(address).read().decode()
        assert urlopen(f"{address}a.css").read() == b"p {}"
    assert page.read_text() == PAGE.format("one")


def test_a_browser_shows_the_next_build_by_itself_under_the_policy_of_a_page(browser, tmp_path):
    file = tmp_path / "index.html"
    file.write_text(secured(PAGE.format("one")))
    with shown(tmp_path) as (address, serving):
        page = browser.new_page()
        page.goto(address)
        assert page.get_by_text("one").is_visible()
        file.write_text(secured(PAGE.format("two")))
        serving.number += 1
        page.get_by_text("two").wait_for()
        page.close()


def test_it_builds_once_for_files_saved_together_and_goes_on_after_a_failure(tmp_path):
    (tmp_path / "book").mkdir()
    file, built, builds = tmp_path / "book" / "a.md", [], SimpleNamespace(number=0)
    file.write_text("1")
    results = iter([True, False, True])

    def build():
        built.append(file.read_text())
        return next(results)

    threading.Thread(target=preview.show, args=(build, tmp_path, builds), daemon=True).start()
    for number, words in enumerate("12", 1):
        wait_until(lambda number=number: len(built) == number)
        time.sleep(1)  # so that it watches
        file.write_text(f"{words} more")
        os.utime(file, ns=(number * 10**9,) * 2)
    wait_until(lambda: builds.number == 2)
    assert built == ["1", "1 more", "2 more"]


def wait_until(holds):
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")
