"""What stood at an old address leads to where it stands now."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from rso_report.publication import moved

ROOT = Path(__file__).resolve().parents[1]
MOVES = [
    ("book/old.html#old", "book/new.html#new"),
    ("book/old.html#part", "notebooks/a.html#tab-part"),
    ("book/new.html#before", "book/new.html#new"),
    ("book/new.html#away", "book/other.html"),
]


def test_a_page_that_is_gone_leads_on_anchor_by_anchor_and_without_scripts():
    page = BeautifulSoup(moved.leading_on("book/old.html", MOVES), "html.parser")
    assert {each["id"]: each["href"] for each in page.select("li a")} == {
        "old": "new.html#new",
        "part": "../notebooks/a.html#tab-part",
    }
    assert page.select_one("noscript meta")["content"] == "0; url=new.html#new"
    assert page.select_one("script")["src"] == "../_static/rso-moved.js"


def test_an_old_anchor_stands_before_what_took_its_place_or_leads_away():
    body = moved.with_old_anchors(
        '<h1>New</h1><section id="new"></section>', "book/new.html", MOVES
    )
    assert '<span id="before"></span><section id="new">' in body
    assert BeautifulSoup(body, "html.parser").select_one("#away a")["href"] == "other.html"


def test_an_anchor_that_is_still_there_is_left_alone():
    body = '<p id="before"></p><p id="new"></p><p id="away"></p>'
    assert moved.with_old_anchors(body, "book/new.html", MOVES) == body


def test_what_an_edition_does_not_have_is_led_to_by_its_page():
    body = moved.with_old_anchors("<p></p>", "book/new.html", MOVES[2:3])
    assert body == '<span id="before"></span><p></p>'


@pytest.mark.parametrize(("old", "new"), moved.read(ROOT))
def test_every_move_leads_to_a_place_of_the_default_edition(documents, old, new):
    page, _, anchor = new.partition("#")
    assert page in documents
    assert not anchor or documents[page].find(id=anchor)


def test_a_browser_follows_the_anchor_of_an_old_address(site, browser):
    page = browser.new_page()
    page.goto((site / "book/cite.html").as_uri() + "#terms")
    page.wait_for_url("**/downloads.html#terms")
    page.close()
