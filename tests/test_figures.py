import copy
import json

import altair as alt
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from sphinx.errors import ExtensionError

from rso_report import figures, tables
from rso_report.publication import block, book

DATA = pd.DataFrame(
    {"Date": pd.to_datetime(["2020-03-31", "2021-03-31"]), "Rate": [142.123456789, 144.0]}
)
TABLE = pd.DataFrame({"Date": ["2020", "2021"], "Rate": ["142", "144"], "RSOs": [3608, None]})
WORDS = {
    "figure_id": "fig-rate",
    "headline": "The rate rose",
    "subtitle": "RSOs per 100,000 aged 10+, West Midlands Police",
    "alt": "A line rises from 142 to 144.",
    "source": [("MoJ", "../book/sources.md#moj"), ("ONS", None)],
    "notes": ["Crude rates."],
    "table": TABLE,
}

DATA_TABLE = {"table_id": "fig-rate-data", "caption": f"Data: {WORDS['subtitle']}"}


def chart(data=DATA):
    return alt.Chart(data).mark_line().encode(x="Date:T", y=alt.Y("Rate:Q", title="Rate"))


@pytest.fixture
def shown(monkeypatch):
    """What `figures.show` displays, as it is stored in a notebook."""
    bundles = []
    monkeypatch.setattr(figures, "display", lambda bundle, raw: bundles.append(bundle))

    def show(drawing=None, **changes):
        figures.show(drawing or chart(), **(WORDS | changes))
        return json.loads(json.dumps(bundles.pop()))

    return show


def test_a_figure_is_one_output_with_a_chart_and_words(shown):
    bundle = shown()
    assert list(bundle) == [figures.MIME_TYPE, "text/plain"]
    assert bundle["text/plain"] == "The rate rose\nA line rises from 142 to 144."
    figure = bundle[figures.MIME_TYPE]["usermeta"]["figure"]
    assert figure == {
        "id": "fig-rate",
        "headline": WORDS["headline"],
        "subtitle": WORDS["subtitle"],
        "alt": WORDS["alt"],
        "source": [["MoJ", "../book/sources.md#moj"], ["ONS", None]],
        "as_at": "",
        "notes": ["Crude rates."],
        "table": json.loads(json.dumps(tables.record(TABLE, **DATA_TABLE))),
    }


def test_numbers_are_rounded_and_dates_are_iso(shown):
    (rows,) = shown()[figures.MIME_TYPE]["datasets"].values()
    assert rows == [
        {"Date": "2020-03-31T00:00:00", "Rate": 142.123},
        {"Date": "2021-03-31T00:00:00", "Rate": 144.0},
    ]


def test_large_whole_numbers_are_not_rounded():
    spec = figures.specification(chart(pd.DataFrame({"Date": ["2021"], "Rate": [56_123_457.0]})))
    assert next(iter(spec["datasets"].values()))[0]["Rate"] == 56_123_457


def test_a_chart_does_not_depend_on_the_charts_before_it():
    def selecting():
        pick = alt.selection_point(fields=["Date"])
        return (
            chart()
            .add_params(pick)
            .encode(opacity=alt.condition(pick, alt.value(1), alt.value(0.5)))
        )

    assert figures.specification(selecting()) == figures.specification(selecting())


def test_the_width_includes_the_axes_unless_the_author_gives_one():
    spec = figures.specification(chart())
    assert (spec["width"], spec["autosize"]["type"]) == (640, "fit-x")
    for sized in (chart().properties(width=400), chart() | chart(), chart().encode(row="Date:O")):
        assert "autosize" not in figures.specification(sized)


def test_grid_lines_lead_from_one_quantity_only():
    upwards = alt.Chart(DATA).mark_point().encode(x="Rate:Q", y="Rate:Q")
    sideways = alt.Chart(DATA).mark_bar().encode(x="Rate:Q", y="Date:O")
    for drawing in (upwards, upwards + upwards, upwards | sideways):
        assert not figures.specification(drawing)["config"]["axisXQuantitative"]["grid"]
    assert "axisXQuantitative" not in figures.specification(sideways)["config"]


def test_a_chart_may_differ_from_the_house_look():
    spec = figures.specification(chart().configure_axis(labelFontSize=20))
    assert spec["config"]["axis"]["labelFontSize"] == 20
    assert spec["config"]["axis"]["labelAngle"] == 0
    assert spec["config"]["range"]["category"] == figures.COLOURS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"figure_id": "Fig 1"}, "lower-case"),
        ({"alt": ""}, "'fig-rate' needs alt"),
        ({"source": "", "headline": ""}, "needs headline and source"),
        ({"as_at": ""}, "'fig-rate' needs as_at"),
        ({"table": TABLE.assign(Rate=[142.5, 144.25])}, "column 'Rate': 142.5 needs"),
    ],
)
def test_a_figure_that_would_leave_readers_out_is_refused(shown, changes, message):
    with pytest.raises(ValueError, match=message):
        shown(**changes)


PLACE = block.Place("Figure 2.1", "The contributors. Figure 2.1: The rate rose.", "../")


def placed(bundle):
    """The figure as the book publishes it."""
    found = block.figure_block(bundle[figures.MIME_TYPE])
    return BeautifulSoup(found.placed(PLACE), "html.parser"), found.files


def test_the_block_shows_words_picture_data_and_source(shown):
    page, _ = placed(shown(as_at="31 March 2021"))
    assert page.select_one("figcaption .headline").text == "Figure 2.1: The rate rose"
    image = page.select_one(".rso-chart[data-state=static] img")
    assert image["alt"] == WORDS["alt"]
    assert image["src"] == "../_static/figures/fig-rate.svg"
    assert image["width"] == "640"
    assert "loading" not in image.attrs  # a picture that waits to be seen may miss the paper
    assert page.select_one("details table caption").text == f"Data: {WORDS['subtitle']}"
    cells = [cell.text for cell in page.select("details tbody td")]
    assert cells == ["142", "3,608", "144", "[x]"]
    assert page.select_one("figure.rso-figure > p").text == "As at: 31 March 2021"
    assert page.select_one("details.rso-sources p").text == "Source: MoJ; ONS"


def test_the_block_offers_its_picture_twice_and_exactly_its_data(shown):
    page, files = placed(shown())
    links = page.select(".rso-tools a[download]")
    assert [link["href"] for link in links] == [f"../_static/{name}" for name in files]
    assert files["figures/fig-rate.svg"].startswith(b"<svg ")
    png = files["figures/fig-rate.png"]
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20])
    assert width == block.PNG_SCALE * figures.WIDTH
    assert files["figures/fig-rate.csv"].decode("utf-8-sig") == (
        "Date,Rate,RSOs\r\n2020,142,3608\r\n2021,144,[x]\r\n"
    )


def test_the_block_can_be_linked_to_and_cited_without_scripts(shown):
    page, _ = placed(shown())
    assert page.select_one(".rso-tools a.rso-link")["href"] == "#fig-rate"
    assert page.select_one(".rso-cite").text == PLACE.citation


def test_a_figure_without_a_table_offers_no_data(shown):
    page, files = placed(shown(table=None))
    assert [name.rpartition(".")[2] for name in files] == ["svg", "png"]
    assert not page.select("table")


def test_the_block_is_the_same_each_time(shown):
    blocks = [block.figure_block(shown()[figures.MIME_TYPE]) for _ in range(3)]
    assert blocks[0] == blocks[1] == blocks[2]


def test_nothing_in_a_figure_can_end_its_script_or_become_markup(shown):
    attack = '</script><script>alert("x")</script>'
    drawing = chart(DATA.assign(Name=attack)).encode(tooltip="Name:N", detail=alt.Detail("Name:N"))
    changes = dict.fromkeys(("headline", "subtitle", "alt"), attack)
    changes |= {"source": attack, "notes": [attack], "table": TABLE.assign(Name=attack)}
    changes |= {"as_at": attack}
    found = block.figure_block(shown(drawing, **changes)[figures.MIME_TYPE])
    html = found.placed(block.Place("Figure 1", attack, ""))
    (script,) = BeautifulSoup(html, "html.parser").find_all("script")
    assert html.count("</script") == 1
    assert attack in json.dumps(json.loads(script.string)).replace('\\"', '"')


class Renderer:
    """The little that `handle_mime` asks of MyST-NB's renderer before it fails."""

    source = "notebooks/x.ipynb"


@pytest.mark.parametrize("fault", ["mark", "usermeta"])
def test_a_chart_that_cannot_be_drawn_ends_the_build(shown, fault):
    spec = copy.deepcopy(shown()[figures.MIME_TYPE])
    del spec[fault]
    data = book.MimeData(figures.MIME_TYPE, spec, cell_index=3)
    with pytest.raises(ExtensionError, match=r"notebooks/x.ipynb, cell 3: cannot draw"):
        book.ChartRenderer.handle_mime(Renderer(), data, False)


def test_links_to_sources_of_pages_become_links_to_pages():
    html = '<a href="../book/a.md#b"><a href="c.ipynb"><a href="https://x.org/r.md"><a href="#d">'
    assert tables.page_links(html) == (
        '<a href="../book/a.html#b"><a href="c.html"><a href="https://x.org/r.md"><a href="#d">'
    )
    download = '<a href="../_sources/notebooks/c.ipynb">'
    assert tables.page_links(download) == download
