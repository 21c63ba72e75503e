"""Links into the report keep working: an anchor that was once published stays.

The anchors are listed in `permanent_anchors.txt`, one `page#id` a line. Add those of new figures,
tables and sections, from a built site of the default edition, by

    python tests/test_anchors.py SITE

It only adds. A line is taken out by hand, when breaking the links is meant, and the changelog
says so.
"""

import sys
from pathlib import Path

from bs4 import BeautifulSoup

LIST = Path(__file__).with_name("permanent_anchors.txt")


def listed():
    return LIST.read_text(encoding="utf-8").split() if LIST.exists() else []


def anchors(site):
    """The anchors of a site: figures, tables, and sections under a heading of level 1 or 2."""
    found = []
    for path in sorted(site.rglob("*.html")):
        page = path.relative_to(site).as_posix()
        if page.startswith("_"):
            continue
        document = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        sections = [
            section
            for section in document.select("article section[id]")
            if section.find(["h1", "h2"], recursive=False)
        ]
        blocks = [
            block
            for block in document.select("figure.rso-table[id], figure.rso-figure[id]")
            if not block.find_parent("figure")
        ]
        found += sorted({f"{page}#{each['id']}" for each in [*sections, *blocks]})
    return found


def test_every_anchor_that_was_published_is_still_there(site):
    ids = {
        path.relative_to(site).as_posix(): {
            each["id"]
            for each in BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find_all(
                id=True
            )
        }
        for path in site.rglob("*.html")
    }
    gone = []
    for anchor in listed():
        page, _, name = anchor.partition("#")
        if name not in ids.get(page, ()):
            now = [f"{other}#{name}" for other, own in ids.items() if name in own]
            gone.append(f"{anchor} (now {', '.join(now) or 'nowhere'})")
    assert not gone, (
        "people may have linked to these; what moves must keep its anchor at the old place, for "
        "example as a sentence that leads to the new one:\n" + "\n".join(gone)
    )


def test_every_figure_table_and_section_is_listed(site):
    new = sorted(set(anchors(site)) - set(listed()))
    assert not new, "run `python tests/test_anchors.py SITE` to add:\n" + "\n".join(new)


if __name__ == "__main__":
    lines = sorted({*listed(), *anchors(Path(sys.argv[1]))})
    LIST.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
