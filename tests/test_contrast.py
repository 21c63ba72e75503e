"""Every colour that the report itself chooses, what it stands on, and whether it can be seen.

The colours of the theme are measured on the pages by axe (test_accessibility).
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHOOSE_COLOURS = [
    *sorted((ROOT / "book" / "_static").glob("rso*.css")),
    ROOT / "src" / "rso_report" / "figures.py",
    ROOT / "src" / "rso_report" / "charts.py",
    ROOT / "src" / "rso_report" / "publication" / "block.py",
]
NEEDED = {"text": 4.5, "graphics": 3.0, "decoration": 0.0}

# Colour, what it stands on, as what, the ratio of their luminance, and where. Decoration carries
# nothing that a reader needs.
STATED = [
    ("#0b0c0c", "#ffffff", "text", 19.6, "words of figures and charts; paper"),
    ("#3d3d3d", "#ffffff", "text", 10.9, "subtitles; rules of charts; paper"),
    ("#12436d", "#ffffff", "text", 10.2, "links in figures; first colour; paper"),
    ("#0b0c0c", "#f3f4f5", "text", 17.8, "words on shaded ground on paper"),
    ("#3d3d3d", "#f3f4f5", "text", 9.9, "muted words on shaded ground on paper"),
    ("#12436d", "#f3f4f5", "text", 9.3, "links on shaded ground on paper"),
    ("#28a197", "#ffffff", "graphics", 3.2, "second colour of charts"),
    ("#801650", "#ffffff", "graphics", 9.8, "third colour of charts"),
    ("#f46a25", "#ffffff", "graphics", 3.0, "fourth colour of charts; second of two"),
    ("#a285d1", "#ffffff", "graphics", 3.1, "sixth colour of charts"),
    ("#757575", "#ffffff", "graphics", 4.6, "points of the areas outside of the region"),
    ("#b1b4b6", "#ffffff", "decoration", 2.1, "grid lines, edges of cards and rows"),
    ("#f3f2f1", "#121212", "text", 16.8, "words of figures and charts, dark"),
    ("#c8c8c8", "#121212", "text", 11.2, "subtitles; rules of charts, dark"),
    ("#7fb2e5", "#121212", "text", 8.4, "links in figures; first colour, dark"),
    ("#3fc1b6", "#121212", "graphics", 8.5, "second colour of charts, dark"),
    ("#e58bbf", "#121212", "graphics", 7.8, "third colour of charts, dark"),
    ("#f88a50", "#121212", "graphics", 7.8, "fourth colour of charts, dark"),
    ("#bba3e0", "#121212", "graphics", 8.4, "sixth colour of charts, dark"),
    ("#9a9a9a", "#121212", "graphics", 6.7, "points of the areas outside of the region, dark"),
    ("#4a4d50", "#121212", "decoration", 2.2, "grid lines, edges of cards, dark"),
    ("#b1b4b6", "#121212", "decoration", 9.0, "edges of rows, dark"),
    ("#505a5f", "#ffffff", "graphics", 7.1, "quiet marks of charts"),
    ("#a9b0b5", "#121212", "graphics", 8.5, "quiet marks of charts, dark"),
    ("#cfd3d6", "#ffffff", "decoration", 1.5, "ground of empty cells of charts"),
    ("#3a3d40", "#121212", "decoration", 1.7, "ground of empty cells of charts, dark"),
    ("#cfe1f2", "#ffffff", "decoration", 1.3, "ground of cells of charts"),
    ("#1f3a54", "#121212", "decoration", 1.6, "ground of cells of charts, dark"),
]


def luminance(colour):
    """The relative luminance of a colour, as WCAG defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours_in(text):
    """Every colour that a file names, as #rrggbb."""
    short_or_long = re.findall(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", text.lower())
    named = ["#ffffff"] * len(re.findall(r"[\"' ]white\b[\"';]", text))
    long = (
        each if len(each) == 7 else "#" + "".join(c * 2 for c in each[1:]) for each in short_or_long
    )
    return {*long, *named}


def used():
    return {
        colour: path.name
        for path in CHOOSE_COLOURS
        for colour in colours_in(path.read_text(encoding="utf-8"))
    }


def test_contrast_is_computed_as_wcag_defines_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # known to just fail


def test_colours_are_found_in_every_spelling():
    assert colours_in("a: #FFF; b: #12436D; c: white;") == {"#ffffff", "#12436d"}


@pytest.mark.parametrize("path", CHOOSE_COLOURS, ids=lambda path: path.name)
def test_colours_are_written_so_that_they_are_found(path):
    words = re.findall(r"\b(?:rgba?|hsla?|oklch|color-mix)\(|#[0-9a-fA-F]{8}\b", path.read_text())
    assert not words


def test_every_colour_is_stated_and_every_stated_one_is_used():
    stated = {colour for row in STATED for colour in row[:2]}
    assert stated == set(used()), {c: used().get(c, "nowhere") for c in stated ^ set(used())}


@pytest.mark.parametrize(("colour", "ground", "use", "ratio", "where"), STATED)
def test_contrast_is_as_stated_and_enough(colour, ground, use, ratio, where):
    measured = contrast(colour, ground)
    assert round(measured, 1) == ratio, where
    assert measured >= NEEDED[use], where
