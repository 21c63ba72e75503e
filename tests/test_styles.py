"""The one style sheet of all pages: nothing looks other than with all that it is made of."""

import re
import shutil

import pytest
from reading import HEIGHT, KINDS, THEMES, WIDTHS, switch

from rso_report.publication.axe import THIN_OUT
from rso_report.publication.styles import SHEET, names_in, read, rules, used

# Of every element and of what stands before and after it, what a reader can see of it.
LOOKS = """() => [...document.querySelectorAll('body, body *')].flatMap(each => (
  ['', '::before', '::after'].map(part => {
    const style = getComputedStyle(each, part);
    return each.tagName + '.' + each.className + part + ': ' + `
      content display visibility position color backgroundColor backgroundImage font margin padding
      border width height listStyle textAlign textDecoration opacity transform overflow boxShadow
      zIndex order flex grid cursor`.trim().split(/\\s+/).map(name => style[name]).join('|');
  })
))"""
NAMES = {"a", "b-", "-"}


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("p{x:y}", "p{x:y}"),
        (".a{x:y} .c{x:y}", ".a{x:y}"),
        (".a .c,.a p{x:y}", ".a p{x:y}"),
        (".b-made{x:y}.bad{x:y}", ".b-made{x:y}"),
        (".a{x:y}.-c{x:y}", ".a{x:y}"),
        (".a:not(.c){x:y}", ".a:not(.c){x:y}"),
        (":is(.c,.d) p{x:y}", ":is(.c,.d) p{x:y}"),
        ('[class="c.d"]{x:y}', '[class="c.d"]{x:y}'),
        ("@media print{.c{x:y}}", ""),
        ("@media print{.a{x:y}.c{x:y}}", "@media print{.a{x:y}}"),
        ("@keyframes c{from{x:y}}", "@keyframes c{from{x:y}}"),
        ('@charset "UTF-8";.a{content:"}.c{"}', '.a{content:"}.c{"}'),
    ],
)
def test_a_rule_stays_if_a_page_or_a_script_may_have_what_it_speaks_of(css, kept):
    assert used(css, NAMES) == kept


def test_addresses_of_a_sheet_are_those_of_the_place_that_it_is_put_in(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "a.css").write_text('@import "../b.css";p{x:url("../f.woff2")}')
    (tmp_path / "b.css").write_text("/* {{ */q{x:url(data:a;b)}r{x:url(f.png)}")
    assert list(rules(read(tmp_path, "styles/a.css"))) == [
        ("q", "x:url(data:a;b)"),
        ("r", 'x:url("f.png")'),
        ("p", 'x:url("f.woff2")'),
    ]


def test_names_are_those_of_pages_and_all_words_of_scripts():
    found = names_in(['<p class="a b-c" id="d">e</p>'], ['add("f-g")'])
    assert found == {"a", "b-c", "d", "add", "f-g"}


def test_every_page_loads_one_style_sheet_of_few_bytes(site, all_pages):
    for name in {*all_pages} - {"404.html"}:  # which has a style of its own
        sheets = re.findall(r"<link [^>]*stylesheet[^>]*>", (site / name).read_text())
        assert len(sheets) == 1 and SHEET in sheets[0], name
    assert (site / "_static" / SHEET).stat().st_size < 250_000  # those it is made of: 550,000


def test_pages_look_as_with_all_that_the_sheet_is_made_of(site, browser, tmp_path):
    site = shutil.copytree(site, tmp_path / "site")  # others read it as it was built
    of = re.match(r"/\* Of (.*) what", (site / "_static" / SHEET).read_text())[1].split()
    screen = {"width": WIDTHS[1], "height": HEIGHT}
    page = browser.new_page(reduced_motion="reduce", viewport=screen)
    page.route("**/rso-charts.js*", lambda route: route.abort())  # it draws now or a little later

    def looks(path):
        """How each kind of element looks in each theme."""
        page.emulate_media(color_scheme=THEMES[0])
        page.goto(path.as_uri())
        page.evaluate(THIN_OUT)
        page.evaluate("document.fonts.ready.then(() => true)")
        found = {}
        for theme in THEMES:
            switch(page, theme, WIDTHS[1])
            found[theme] = page.evaluate(LOOKS)
        page.evaluate("localStorage.clear()")  # where the theme remembers which it was
        return found

    for name in {*KINDS} - {"404.html"}:
        path, up = site / name, "../" * name.count("/")
        whole = path.with_name("whole.html")
        links = "".join(f'<link rel="stylesheet" href="{up}_static/{each}">' for each in of)
        text = re.sub(r'<link rel="stylesheet"[^>]*>', links, path.read_text())
        assert text.count("stylesheet") > 10
        whole.write_text(text)
        as_published = looks(path)
        assert as_published == looks(whole), name
        assert as_published["light"] != as_published["dark"]
    page.close()
