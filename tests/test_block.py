"""The block of each figure and table in the built report, as a reader meets and uses it."""

import csv
import io
import re

import pytest

from rso_report.parameters import EditionParameters

BLOCKS = "figure.rso-figure, figure.rso-table:has(> .rso-tools)"
# On a narrow screen a chart without controls keeps the picture that is made for it.
DRAWN = "box => ['drawn', 'kept'].includes(box.dataset.state)"


@pytest.fixture(scope="module")
def pages(documents):
    """Pages with at least one figure or table of the report, by path."""
    found = {name: page for name, page in documents.items() if page.select(BLOCKS)}
    assert len(found) > 3
    return found


@pytest.fixture
def open_page(browser, site):
    """Open a page from the folder, with the rights to copy that a reader's click gives."""
    contexts = []

    def opened(name, **options):
        context = browser.new_context(**options)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.goto((site / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def draw(page, figure_id):
    """Bring a figure into view, wait until its chart is drawn, and return the figure."""
    figure = page.locator(f"#{figure_id}")
    box = figure.locator(".rso-chart")
    box.scroll_into_view_if_needed()
    page.wait_for_function(DRAWN, arg=box.element_handle(), timeout=20_000)
    return figure


def shown_cells(figure):
    """The cells of a block, those of its folded rows too, without the marks of its rows of data."""
    head, *rows = [
        [cell.get_text() for cell in row.select("th:not(.rso-mark), td:not(.rso-mark)")]
        for row in figure.select("tr")
    ]
    return [head, *(row for row in rows if row != head)]


def test_numbers_run_by_kind_within_each_page_and_name_its_chapter(pages):
    numbers = {
        name: [n.text for n in page.select(".rso-block-number")] for name, page in pages.items()
    }
    chapters = {}
    for name, found in numbers.items():
        for kind in ("Figure", "Table"):
            # The summary, which is no chapter, has numbers without one.
            own = [
                re.fullmatch(rf"{kind} (?:(\d+)\.)?(\d+):", n) for n in found if n.startswith(kind)
            ]
            assert all(own), f"{name}: {found}"
            assert [int(n[2]) for n in own] == list(range(1, len(own) + 1)), name
            chapters.setdefault(name, set()).update(n[1] for n in own)
    assert all(len(each) == 1 for each in chapters.values())
    assert chapters["notebooks/regional-trends.html"] == {"1"}
    assert chapters["notebooks/summary.html"] == {None}
    assert len(set.union(*chapters.values())) == len(chapters)


def test_every_block_is_numbered_linked_cited_and_offers_its_files(pages, site):
    for name, page in pages.items():
        for figure in page.select(BLOCKS):
            place = f"{name}#{figure['id']}"
            number = figure.select_one(".rso-block-number").text.removesuffix(":")
            assert figure.select_one(".rso-tools .rso-link")["href"] == f"#{figure['id']}", place
            cited = figure.select_one(".rso-cite").text
            assert f"{number}: " in cited and cited.endswith(
                f"{EditionParameters().report_year}."
            ), place
            forms = {
                link["href"].rpartition(".")[2] for link in figure.select(".rso-tools [download]")
            }
            wanted = {"csv"} if "rso-table" in figure["class"] else {"csv", "svg", "png"}
            assert forms == wanted, place
            for link in figure.select(".rso-tools [download]"):
                assert ((site / name).parent / link["href"]).resolve().is_file(), place


def test_each_csv_holds_what_the_page_shows(pages, site):
    """Cell by cell; only thousands separators and the guard against formulas may differ."""
    for name, page in pages.items():
        for figure in page.select(BLOCKS):
            (link,) = figure.select(".rso-tools [href$='.csv']")
            text = ((site / name).parent / link["href"]).read_bytes().decode("utf-8-sig")
            stored = [
                [re.sub(r"^'(?=[=+@\t-])", "", cell) for cell in row]
                for row in csv.reader(io.StringIO(text))
            ]
            if stored[0][-1] == "Rows":  # to which a page has marks
                stored = [row[:-1] for row in stored]
            shown = shown_cells(figure)
            plain = [
                [re.sub(r"^-?[\d,.]+$", lambda n: n[0].replace(",", ""), cell) for cell in row]
                for row in shown
            ]
            assert stored == plain, f"{name}#{figure['id']}"


def test_a_citation_can_be_opened_and_read_without_scripts(open_page):
    page = open_page("notebooks/breaches.html", java_script_enabled=False)
    tools = page.locator("figure .rso-tools").first
    tools.locator("summary").press("Enter")
    assert tools.locator(".rso-cite").is_visible()
    assert not page.locator(".rso-copy").count()


@pytest.mark.parametrize("clipboard", ["new", "old"])
def test_copying_says_what_it_did(open_page, clipboard):
    page = open_page("notebooks/breaches.html")
    if clipboard == "old":  # as over plain http, where the newer way does not exist
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    figure = page.locator("#fig-outcome-rates")
    figure.locator(".rso-tools summary").press("Enter")
    figure.locator(".rso-tools .rso-copy").first.press("Enter")
    status = figure.locator(".rso-tools [role=status]").first
    page.wait_for_function("region => region.textContent", arg=status.element_handle())
    assert status.text_content() == "Copied"
    field = page.evaluate_handle(
        "() => document.body.appendChild(document.createElement('textarea'))"
    )
    field.as_element().press("Control+v")
    assert field.evaluate("field => field.value") == page.url + "#fig-outcome-rates"


def test_areas_beside_the_national_rate_are_drawn_at_the_rate_that_is_written(open_page, pages):
    page = open_page("notebooks/regional-trends.html")
    figure = draw(page, "fig-funnel")
    rows = shown_cells(pages["notebooks/regional-trends.html"].select_one("#fig-funnel-data"))[1:]
    marks = figure.locator(".rso-chart").evaluate(
        "box => [...box.querySelectorAll('.mark-symbol path')]"
        ".map(mark => mark.__data__.datum).filter(each => each.name)"
        ".map(each => [each.name, each.rate])"
    )
    rates = {row[0]: float(row[4]) for row in rows}
    del rates["England and Wales"]  # a line, and no dot
    assert len(rates) > 10
    assert dict(marks) == pytest.approx(rates, abs=0.051)


def test_the_sentence_of_the_sliders_is_spoken_when_they_rest(open_page):
    page = open_page("notebooks/home-visits.html")
    figure = draw(page, "fig-visit-explorer")
    said = figure.locator(".rso-sentence[role=status]")
    assert said.text_content() == ""  # nothing before the reader does something
    figure.get_by_label(re.compile("Percentage points moved")).press("ArrowRight")
    page.wait_for_function("region => region.textContent", arg=said.element_handle())
    assert re.fullmatch(r"[\d,]+ visits a year", said.text_content())
    drawn = figure.locator(".rso-chart svg text").all_text_contents()
    assert said.text_content() in drawn
