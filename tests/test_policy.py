"""A page gets a policy that allows what it needs, and one that needs more is not published."""

import base64
import hashlib

import pytest

from rso_report.publication.policy import PolicyError, secure_site, secured

MODE = '<script>document.documentElement.dataset.mode ||= "auto";</script>'
PAGE = (
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8">\n<title>A</title>{head}</head>'
    "<body><p>Text.</p>{body}</body></html>\n"
)


def page(head="", body=""):
    return PAGE.format(head=head, body=body)


def hashed(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_comes_first_and_allows_the_scripts_that_are_known():
    html = secured(page(MODE), "a.html")
    assert html.index("Content-Security-Policy") < html.index("<title>")
    words = 'document.documentElement.dataset.mode ||= "auto";'
    assert f"script-src 'self' {hashed(words)}" in html
    assert "default-src 'none'" in html and "unsafe" not in html


def test_a_page_is_secured_once():
    html = secured(page(MODE), "a.html")
    assert secured(html, "a.html") == html


def test_a_style_in_the_head_is_allowed_by_what_it_says():
    assert f"style-src 'self' {hashed('p { }')}" in secured(page("<style>p { }</style>"), "a.html")


def test_what_the_theme_sets_and_nobody_reads_is_taken_out():
    unused = "<script>DOCUMENTATION_OPTIONS.pagename = 'a';</script>"
    translations = '<script src="../_static/translations.js?v=1"></script>'
    html = secured(page(unused + translations, '<button onclick="window.print()">P</button>'), "a")
    assert "pagename" not in html and "translations" not in html and "<button data-print>" in html


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<script>alert(1)</script>", "the script 'alert(1)'"),
        ('<script type="module">alert(1)</script>', "the script"),
        ("<SCRIPT>alert(1)</SCRIPT>", "the script"),
        ('<img src="x.png" onerror="alert(1)">', "the handler onerror"),
        ('<svg><a xlink:href="javascript:alert(1)">x</a></svg>', "the address"),
        ('<a href="java\nscript:alert(1)">x</a>', "the address"),
        ('<a href=" JavaScript:alert(1)">x</a>', "the address"),
        ('<a href="&#106;avascript:alert(1)">x</a>', "the address"),
        ('<a href="data:text/html,x">x</a>', "the address"),
        ('<form action="javascript:alert(1)"></form>', "the address"),
        ('<iframe src="a.html"></iframe>', "<iframe>"),
        ('<object data="a.swf"></object>', "<object>"),
        ('<base href="https://evil.example/">', "<base>"),
        ('<p style="color: red">x</p>', "a style of its own on <p>"),
        ("<style>p { }</style>", "a style sheet in the text"),
        ('<meta http-equiv="refresh" content="0; url=javascript:alert(1)">', "the address"),
        ('<meta http-equiv="refresh" content="0; url=https://evil.example/">', "the address"),
    ],
)
def test_a_page_with_anything_that_runs_is_refused_with_its_line(body, found):
    with pytest.raises(PolicyError) as caught:
        secured(page(body=body), "book/a.html")
    assert str(caught.value).startswith("book/a.html, line 3: found ")
    assert found in str(caught.value) and "allowed: " in str(caught.value)


def test_what_is_only_data_or_text_is_left_alone():
    for body in (
        '<script type="application/json">{"a": "</p>"}</script>',
        '<script type="application/ld+json">{}</script>',
        '<script src="_static/a.js"></script>',
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; javascript:alert(1)</p>",
        '<a href="mailto:a">m</a><a href="#x">x</a><a href="../a.html?b=1:2#c">a</a>',
        '<img src="data:image/png;base64,AA" alt="onerror=x">',
        '<meta http-equiv="refresh" content="0; url=notebooks/summary.html">',
    ):
        assert body in secured(page(body=body), "a.html")


def test_all_pages_of_a_site_are_judged_together(tmp_path):
    for name in ("a.html", "b.html", "c.html"):
        bad = "<script>1</script>" if name != "c.html" else ""
        (tmp_path / name).write_text(page(body=bad), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        secure_site(tmp_path)
    assert "a.html" in str(caught.value) and "b.html" in str(caught.value)
    assert "c.html" not in str(caught.value)
