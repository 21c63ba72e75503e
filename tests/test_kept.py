"""What is kept is made once of the same, and whole."""

import altair as alt
import pytest

from rso_report.publication import block, kept


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "DRAWINGS", tmp_path / "drawings")
    return tmp_path / "drawings"


def test_the_same_is_made_once_and_another_by_itself(folder):
    asked = []

    def make(*given):
        asked.append(given)
        return repr(given).encode()

    made = [kept.kept(make, *given, folder=folder) for given in [(1, "a"), (1, "a"), ("1", "a")]]
    assert made == [b"(1, 'a')", b"(1, 'a')", b"('1', 'a')"]
    assert asked == [(1, "a"), ("1", "a")]


def test_what_failed_is_not_kept(folder):
    with pytest.raises(ZeroDivisionError):
        kept.kept(lambda: b"%d" % (1 / 0), folder=folder)
    assert list(folder.iterdir()) == []


def test_a_chart_that_is_as_it_was_is_not_drawn_again(folder, monkeypatch):
    words = {"id": "fig-a", "headline": "A", "subtitle": "B", "alt": "C", "source": []}
    own = words | {"table": None, "notes": []}
    bars = alt.Chart(alt.Data(values=[{"x": 1}])).mark_bar().encode(x="x:Q").to_dict()
    spec = {"config": {}, **bars, "usermeta": {"figure": own}}
    first = block.figure_block(spec)
    monkeypatch.setattr(kept, "vl_convert", None)
    assert block.figure_block(spec) == first
    assert b"</svg>" in first.files["figures/fig-a.svg"]
    with pytest.raises(AttributeError):
        block.figure_block(spec | {"background": "#eeeeee"})
