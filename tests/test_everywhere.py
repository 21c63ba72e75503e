"""The built report wherever it is read: served or from a folder, without scripts, small, zoomed,
on paper; and what a first view of each page costs."""

import gzip
from collections import Counter
from itertools import product
from urllib.parse import urlsplit

import pytest
from reading import HEIGHT, THEMES, WIDTHS, draw_charts, listen, once, served, switch

LIMIT = 300_000  # bytes for the first view of a page, apart from fonts and the chart library
ZOOMED = {"width": 320, "height": 256}  # a screen of 1280 by 1024 pixels at 400 %
A4_WIDTH = 680  # pixels between the margins of A4

# What stands beyond the right edge of the page, unless it can be scrolled to in its own box.
CUT_OFF = """() => [...document.querySelectorAll('article *')].filter(each => {
  const {width, left, right} = each.getBoundingClientRect();
  if (!width || !each.checkVisibility() || (right <= innerWidth + 1 && left >= -1)) return false;
  for (let box = each.parentElement; box; box = box.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) return false;
  return !each.closest('svg, .visually-hidden, .sr-only');
}).map(each => each.outerHTML.slice(0, 100))"""
# Of tables in folds too, which are opened for it.
COLUMNS_OUT_OF_VIEW = """() => {
  document.querySelectorAll('details').forEach(each => each.open = true);
  return [...document.querySelectorAll('article table thead th')].filter(head => {
    const box = head.closest('.rso-scroll, .pst-scrollable-table-container, article');
    return head.getBoundingClientRect().right > box.getBoundingClientRect().right + 1;
  }).map(head => `${head.closest('[id]').id}: ${head.textContent.trim()}`);
}"""
STICKY_HEIGHT = """() => [...document.querySelectorAll('body *')].filter(each =>
    ['sticky', 'fixed'].includes(getComputedStyle(each).position) && each.checkVisibility()
    && !each.matches('caption *, dialog, .bd-sidebar-primary, .bd-sidebar-secondary')
    && each.getBoundingClientRect().bottom > 0
    && each.getBoundingClientRect().width > innerWidth / 2)
  .reduce((sum, each) => sum + each.getBoundingClientRect().height, 0)"""
HIDDEN_ON_PAPER = (
    ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer,"
    " .headerlink, .skip-link, .rso-controls, .rso-tools, #pst-back-to-top"
)
# In one step, because a chart may take the place of its image at any moment.
PICTURE = """box => {
  const picture = box.querySelector("img, svg");
  return picture.getBoundingClientRect().height > 50 && picture.naturalWidth !== 0;
}"""
PALE = """() => [...document.querySelectorAll('article a[href]')].filter(each => {
  const [r, g, b] = getComputedStyle(each).color.match(/[\\d.]+/g).map(Number).map(
    part => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const ratio = 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
  return each.checkVisibility() && ratio < 4.5;
}).map(each => each.outerHTML.slice(0, 100))"""


def themed(pages):
    """The pages with navigation; that for a wrong address stands alone, as nobody knows where."""
    return [name for name, path in pages.items() if "bd-docs-nav" in path.read_text()]


@pytest.fixture(scope="module")
def address(site):
    with served(site) as address:
        yield address


@pytest.fixture
def context(browser):
    context = browser.new_context(reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def context_without_scripts(browser):
    context = browser.new_context(java_script_enabled=False)
    yield context
    context.close()


def test_served_pages_are_silent_ask_no_other_host_and_load_the_library_once(
    context, pages, address
):
    faults, page = [], context.new_page()
    log = listen(page)
    for name in pages:
        page.set_viewport_size({"width": WIDTHS[1], "height": HEIGHT})
        page.goto(address + name, wait_until="networkidle")
        early = [each for each in log.requests if "vega-bundle" in each]
        near = page.evaluate(
            "() => [...document.querySelectorAll('.rso-chart')].some(each => "
            "each.checkVisibility() && each.getBoundingClientRect().top < innerHeight + 400)"
        )
        if early and not near:
            faults.append(f"{name}: the library is loaded before a chart comes near")
        draw_charts(page)
        for width, theme in product(WIDTHS, THEMES):
            switch(page, theme, width)
        own, said = urlsplit(address).netloc, log.taken()
        loads = [each for each in said.requests if "vega-bundle" in each]
        foreign = [
            each
            for each in said.requests
            if urlsplit(each).scheme not in {"data", "blob"} and urlsplit(each).netloc != own
        ]
        if len(loads) > 1 or foreign or said.messages:
            faults.append(f"{name}: {len(loads)} loads, {foreign}, {said.messages}")
    assert not faults, "\n".join(faults)


def first_view(context, url):
    """What is sent for the first view of a page, fonts and the chart library aside.

    Nothing is kept from page to page, and no answer to one page is counted with another: it is
    opened in a page of its own, and the answers are read when all have come.
    """
    page, answers = context.new_page(), []
    context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    # Not the method itself: Playwright puts a mark on what it calls.
    page.on("response", lambda each: answers.append(each))
    page.goto(url, wait_until="networkidle")
    apart = ("data:", "vega-bundle", ".woff")
    view = {each.url: each.body() for each in answers if not any(a in each.url for a in apart)}
    page.close()
    return view


def test_first_view_of_each_page_is_light(browser, pages, address):
    """With all that the theme adds, compressed as web servers send it; the page's own, as it is."""
    context = browser.new_context(viewport={"width": WIDTHS[1], "height": HEIGHT})
    views = {name: first_view(context, address + name) for name in pages}
    context.close()
    seen = Counter(each for view in views.values() for each in view)
    shared = {each for each, times in seen.items() if times > len(views) / 2}
    sent = {name: sum(len(gzip.compress(b, 6)) for b in v.values()) for name, v in views.items()}
    own = {name: sum(len(v[each]) for each in {*v} - shared) for name, v in views.items()}
    print(f"\n{'kB for the first view':<44}{'all, compressed':>16}{'own, as it is':>16}")
    for name in sorted(sent, key=sent.get, reverse=True):
        print(f"{name:<44}{sent[name] / 1000:>16.0f}{own[name] / 1000:>16.0f}")
    assert {name: size for name, size in sent.items() if size > LIMIT} == {}
    assert {name: size for name, size in own.items() if size > LIMIT} == {}


def test_on_a_tablet_and_a_desk_each_column_of_each_table_is_in_view(browser, pages):
    page, faults = browser.new_page(), []
    for name, path in pages.items():
        page.goto(path.as_uri())
        for width in (768, 1280):
            switch(page, THEMES[0], width)
            faults += [f"{name}, {width}: {each}" for each in page.evaluate(COLUMNS_OUT_OF_VIEW)]
    page.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("scripts", [True, False])
def test_at_400_percent_nothing_is_cut_off_or_covered(browser, pages, scripts):
    context = browser.new_context(viewport=ZOOMED, java_script_enabled=scripts)
    faults = []
    page = context.new_page()
    for name, path in pages.items():
        page.goto(path.as_uri())
        if page.evaluate("document.documentElement.scrollWidth") > ZOOMED["width"]:
            faults.append(f"{name}: scrolls sideways")
        faults += [f"{name}: cut off: {each}" for each in page.evaluate(CUT_OFF)]
        page.evaluate("scrollTo(0, 1000)")
        if page.evaluate(STICKY_HEIGHT) > ZOOMED["height"] / 4:
            faults.append(f"{name}: bars cover {page.evaluate(STICKY_HEIGHT)} of 256 pixels")
    context.close()
    assert not faults, "\n".join(faults)


def test_without_scripts_navigation_and_downloads_can_be_reached(
    context_without_scripts, one_of_each_kind
):
    page = context_without_scripts.new_page()
    for name in themed(one_of_each_kind):
        page.goto(one_of_each_kind[name].as_uri())
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            assert page.locator(".bd-docs-nav a").first.is_visible(), (name, width)
            links = page.locator(".dropdown-menu a")
            assert all(each.is_visible() for each in links.all()), (name, width)


def test_on_paper_there_is_the_content_alone_and_all_of_it(browser, pages):
    context = browser.new_context(
        viewport={"width": A4_WIDTH, "height": 960}, reduced_motion="reduce"
    )
    page, faults = context.new_page(), []
    for name in themed(pages):
        page.goto(pages[name].as_uri())
        for theme in THEMES:
            page.emulate_media(media="print", color_scheme=theme)
            once(page, "theme => document.documentElement.dataset.theme === theme", theme)
            where = f"{name}, {theme}"
            shown = [each for each in page.locator(HIDDEN_ON_PAPER).all() if each.is_visible()]
            faults += [f"{where}: on paper: {each}" for each in shown]
            charts = [each for each in page.locator(".rso-chart").all() if each.is_visible()]
            faults += [f"{where}: no picture" for each in charts if not each.evaluate(PICTURE)]
            if page.evaluate("document.documentElement.scrollWidth") > A4_WIDTH:
                faults.append(f"{where}: wider than A4")
            faults += [f"{where}: cut off: {each}" for each in page.evaluate(CUT_OFF)]
            faults += [f"{where}: pale link: {each}" for each in page.evaluate(PALE)]
    context.close()
    assert not faults, "\n".join(faults)


def test_search_theme_and_menu_work_from_a_folder(context, all_pages, site):
    name = next(name for name in all_pages if name.startswith("notebooks/"))
    page = context.new_page()
    log = listen(page)
    page.goto(all_pages[name].as_uri())
    before = page.evaluate("document.documentElement.dataset.theme")
    while page.evaluate("document.documentElement.dataset.theme") == before:
        page.locator(".theme-switch-button").click()
    if page.locator(".dropdown-toggle").count():
        page.locator(".dropdown-toggle").first.click()
        page.locator(".dropdown-menu.show a").first.wait_for()
        page.keyboard.press("Escape")
    page.locator(".search-button__button").locator("visible=true").first.click()
    page.locator("dialog[open] input[type=search]").fill("offenders")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    assert page.url.startswith((site / "search.html").as_uri())
    assert log.messages == []
    assert {urlsplit(each).scheme for each in log.requests} <= {"file", "data", "blob"}
