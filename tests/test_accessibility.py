"""WCAG 2.2 AA: what axe can find, and what it cannot: keyboard, headings, size of targets."""

from collections import Counter, defaultdict
from itertools import product

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from reading import HEIGHT, THEMES, WIDTHS, draw_charts, once, switch

from rso_report.publication.axe import CONTRAST, RUN_AXE, TAGS, THIN_OUT, kinds

SET_DETAILS = "open => document.querySelectorAll('details').forEach(each => each.open = open)"
# Each button of the theme that opens something: what it opens, and that once it is open.
OPENERS = {
    ".dropdown-toggle": (".dropdown-menu", ".dropdown-menu.show"),
    ".primary-toggle": (".bd-sidebar-primary", "dialog#pst-primary-sidebar-modal[open]"),
    ".secondary-toggle": (".bd-sidebar-secondary", "dialog#pst-secondary-sidebar-modal[open]"),
    ".search-button__button": ("dialog#pst-search-dialog", "dialog#pst-search-dialog[open]"),
}
SIDEBAR_FITS = 992  # pixels: from here on, the theme shows it beside the page
# The theme has a second title for print; it is not shown (rso-theme.css).
HEADINGS = ":is(h1, h2, h3, h4, h5, h6):not(.onlyprint *)"
THEMED = ".bd-docs-nav"  # the page for a wrong address is short, and has neither bars nor theme
CONTROLS = [
    "article summary",
    "article .rso-chart",
    "article .rso-controls",
    "article .rso-table",
    "article button, article select, article input",
    ".bd-sidebar-secondary",
]
SMALL_CONTROLS = """() => [...document.querySelectorAll(
    'article :is(summary, button, input, select, .rso-tools a)')].filter(each => {
    const {width, height} = each.getBoundingClientRect();
    return each.checkVisibility() && Math.min(width, height) < 24;
  }).map(each => each.outerHTML.slice(0, 100))"""


def violations(page, where="html"):
    """What axe finds in the part of a page that a selector names."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate(CONTRAST, where)
    return page.evaluate(RUN_AXE, [where, TAGS])


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def tab(context):
    page = context.new_page()
    yield page
    page.close()


# Where the middle of a button is, if a press there reaches it; nothing covers it then.
MIDDLE = """button => {
  button.scrollIntoView({block: 'nearest', behavior: 'instant'});
  const box = button.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  return button.contains(document.elementFromPoint(x, y)) && [x, y];
}"""


def press(button):
    """Press a button with the mouse, once nothing moves over it.

    A click of Playwright waits until two frames show the button in the same place, and on a busy
    machine a long page may draw none for half a minute.
    """
    page, handle = button.page, button.element_handle()
    page.mouse.click(*page.wait_for_function(MIDDLE, arg=handle, polling=50).json_value())


def what_opens(tab, seen):
    """Press each button that opens something; yield the selector of what is open then.

    What is of kinds that were seen is not opened again, as pages share it. On the page of results,
    the search button leads to the field in the page instead.
    """
    for opener, (part, opened) in OPENERS.items():
        beside = opener == ".primary-toggle" and tab.viewport_size["width"] >= SIDEBAR_FITS
        if beside:
            part = ".bd-header-article"  # a wide screen without its sidebar
        held = tab.locator(part).evaluate_all("all => all.map(each => each.outerHTML).join('')")
        new = kinds(held.encode())
        if new <= seen[opener]:
            continue
        for button in tab.locator(opener).all():
            if not button.is_visible():
                continue
            seen[opener] |= new
            press(button)
            if beside:
                yield part
                press(button)
            elif tab.evaluate("() => document.activeElement.type") != "search":
                tab.locator(opened).wait_for()
            if tab.locator(opened).count():
                yield opened
                tab.keyboard.press("Escape")
                tab.locator(opened).wait_for(state="hidden")
            tab.mouse.move(0, 0)  # a menu stays open while the mouse is over its button


def faults(tab, path, seen):
    """What axe finds on one page: in both themes, at both widths, open and closed."""
    tab.goto(path.as_uri())
    draw_charts(tab)
    tab.evaluate(THIN_OUT)
    for width, theme in product(WIDTHS, THEMES):
        switch(tab, theme, width)
        tab.evaluate(SET_DETAILS, False)
        # What is closed hides what is looked at below; of its own it has the colours of its line.
        closed = "html" if theme == THEMES[0] else "summary"
        if tab.locator(closed).count():
            yield from (f"{theme} {width}, closed: {each}" for each in violations(tab, closed))
        tab.evaluate(SET_DETAILS, True)
        yield from (f"{theme} {width}: {each}" for each in violations(tab))
        for opened in what_opens(tab, seen.setdefault((theme, width), defaultdict(set))):
            yield from (f"{theme} {width} {opened}: {each}" for each in violations(tab, opened))


def test_axe_finds_nothing_on_any_page(tab, pages):
    found, seen = Counter(), {}
    for name, path in pages.items():
        found.update(f"{name}: {fault}" for fault in faults(tab, path, seen))
    assert not found, "\n".join(found)


def test_headings_start_with_one_and_skip_none(documents):
    wrong = {}
    for name, document in documents.items():
        levels = [int(tag.name[1]) for tag in document.main.select(HEADINGS)]
        deeper = zip(levels, levels[1:], strict=False)
        if levels[:1] != [1] or levels.count(1) > 1 or any(b > a + 1 for a, b in deeper):
            wrong[name] = levels
    assert not wrong


def test_titles_are_unique_and_start_with_the_name_of_the_page(documents):
    titles = {name: document.title.text for name, document in documents.items()}
    assert len(set(titles.values())) == len(titles), titles
    for name, document in documents.items():
        heading = document.main.select_one(HEADINGS).find(string=True)
        assert titles[name].startswith(heading.strip()), name


def test_landmarks_are_one_main_part_and_named_navigation(documents):
    for name, document in documents.items():
        assert len(document.find_all("main")) == 1, name
        if not document.select(THEMED):
            continue
        parts = document.select("nav:not(.onlyprint nav)")
        labels = [part.get("aria-label") or part.get("aria-labelledby") for part in parts]
        assert all(labels) and len(set(labels)) == len(labels), (name, labels)
        assert document.select_one(".skip-link a")["href"] == f"#{document.main['id']}", name


# Marks what can be focused now; of radio buttons of one name only one is a stop.
MARK_STOPS = """() => {
  const names = new Set();
  return [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex]')].filter(each => {
    const {width, height} = each.getBoundingClientRect();
    if (each.tabIndex < 0 || each.disabled || !each.checkVisibility({visibilityProperty: true}))
      return false;
    if (width + height === 0) return false;
    if (each.type === 'radio' && names.size === names.add(each.name).size) return false;
    return true;
  }).map((each, index) => (each.dataset.stop = index));
}"""
# Whatever scrolls sideways must be reached, itself or through something in it.
SCROLLERS = """() => [...document.querySelectorAll('article *')].filter(each =>
    ['auto', 'scroll'].includes(getComputedStyle(each).overflowX)
    && each.scrollWidth > each.clientWidth + 1 && each.checkVisibility()
    && each.dataset.stop === undefined && !each.querySelector('[data-stop]')
  ).map(each => each.outerHTML.slice(0, 100))"""
STOP = """() => {
  const luminance = colour => {
    const [r, g, b] = colour.map(part => part / 255).map(
      part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const each = document.activeElement;
  if (each === document.body) return null;
  const style = getComputedStyle(each);
  const box = each.getClientRects()[0];
  let under = parseFloat(style.outlineOffset) < 0 ? each : each.parentElement;
  while (under && numbers(getComputedStyle(under).backgroundColor)[3] === 0)
    under = under.parentElement;
  const ground = under ? numbers(getComputedStyle(under).backgroundColor) : [255, 255, 255];
  const [dark, light] = [numbers(style.outlineColor), ground].map(
    colour => luminance(colour.slice(0, 3))).sort((a, b) => a - b);
  const top = document.elementFromPoint(
    Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 2),
    (Math.max(box.top, 1) + Math.min(box.bottom, innerHeight - 2)) / 2);  // of what is in view
  let bar = top;
  while (bar && !['sticky', 'fixed'].includes(getComputedStyle(bar).position))
    bar = bar.parentElement;
  return {
    stop: each.dataset.stop === undefined ? null : Number(each.dataset.stop),
    what: each.outerHTML.slice(0, 120),
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    contrast: (light + 0.05) / (dark + 0.05),
    covered: !top || (bar !== null && !bar.contains(each)),
    text: each.innerText?.trim() ?? '',
  };
}"""


def walk(tab):
    """Press Tab from the top of the page to its end; return what was met."""
    tab.evaluate("() => { scrollTo(0, 0); document.activeElement.blur(); }")
    met = []
    while len(met) < 2000:
        tab.keyboard.press("Tab")
        stop = tab.evaluate(STOP)
        if stop is None or (met and stop["stop"] == met[0]["stop"]):
            break
        met.append(stop)
    return met


def smallest_pages_with_each_control(documents):
    """For each kind of control of our own, the page that has it and the least to walk through."""

    def stops(name):
        return len(documents[name].select("a[href], button, summary, input"))

    chosen = set()
    for kind in CONTROLS:
        having = [name for name in documents if documents[name].select(kind)]
        chosen |= {min(having, key=stops)} if having else set()
    return sorted(chosen)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
def test_keyboard_reaches_everything_in_order_and_is_seen(tab, all_pages, documents, theme, width):
    for name in smallest_pages_with_each_control(documents):
        tab.set_viewport_size({"width": width, "height": HEIGHT})
        tab.goto(all_pages[name].as_uri())
        switch(tab, theme, width)
        draw_charts(tab)
        expected = tab.evaluate(MARK_STOPS)
        assert tab.evaluate(SCROLLERS) == [], name
        met = walk(tab)
        assert met[0]["text"] == "Skip to main content", name
        assert [each["stop"] for each in met] == expected, name
        hidden = [each for each in met if each["outline"] < 2 or each["contrast"] < 3]
        assert not hidden, (name, hidden)
        covered = [each for each in met if each["covered"]]
        assert not covered, (name, covered)


def test_skip_link_leads_into_the_page(tab, one_of_each_kind, documents):
    for name, path in one_of_each_kind.items():
        if not documents[name].select(THEMED):
            continue
        tab.goto(path.as_uri())
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        assert tab.evaluate("() => document.activeElement.closest('main') !== null"), path.name


FOCUSED = "each => each === document.activeElement"


def test_toggles_work_by_keyboard_and_give_the_focus_back(tab, all_pages, documents):
    name = next(name for name, each in documents.items() if each.select("article summary"))
    tab.goto(all_pages[name].as_uri())
    switch(tab, "light", WIDTHS[0])
    for opener, (_, opened) in OPENERS.items():
        button = tab.locator(opener).locator("visible=true").first
        button.focus()
        tab.keyboard.press("Enter")
        tab.locator(opened).wait_for()
        tab.keyboard.press("Escape")
        tab.locator(opened).wait_for(state="hidden")
        once(tab, FOCUSED, button.element_handle())
    theme = tab.locator(".theme-switch-button")
    theme.focus()
    mode, seen = "() => document.documentElement.dataset.mode", set()
    for _ in range(3):
        before = tab.evaluate(mode)
        tab.keyboard.press("Enter")
        once(tab, "before => document.documentElement.dataset.mode !== before", before)
        seen.add(tab.evaluate(mode))
        once(tab, FOCUSED, theme.element_handle())
    assert seen == {"light", "dark", "auto"}
    toggle = tab.locator("article summary").first
    toggle.focus()
    tab.keyboard.press("Enter")
    assert toggle.evaluate("each => each.parentElement.open")


def test_controls_are_large_enough_to_hit(tab, pages, all_pages, documents):
    """Links within sentences may be smaller (WCAG 2.5.8); axe judges those that stand alone."""
    small = []
    sliders = {name for name, each in documents.items() if each.select("[data-narrow]")}
    for name in {*pages, *sliders}:
        if not documents[name].select("article :is(summary, button, input, select, .rso-chart)"):
            continue
        tab.goto(all_pages[name].as_uri())
        draw_charts(tab)
        tab.evaluate(SET_DETAILS, True)
        for width in WIDTHS:
            switch(tab, "light", width)
            small += [f"{name} {width}: {each}" for each in tab.evaluate(SMALL_CONTROLS)]
    assert not small, "\n".join(small)
