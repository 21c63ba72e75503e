"""What axe finds on the pages of an edition, looked for before readers get them.

    python -m rso_report.publication.axe SITE

Names, roles, headings, colours: what a program can tell of how the pages are for those who read
with a screen reader, a keyboard or weak eyes. It needs Chromium, which `make report` does not:
where there is none, it says so and lets the pages pass. The tests look harder: at two widths, in
both themes, with everything opened that opens.
"""

import sys
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, sync_playwright

from rso_report.publication import chromium

SHOWN = 15
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """([where, tags]) => axe
  .run(where, {runOnly: tags, resultTypes: ['violations']})
  .then(results => results.violations.flatMap(each => each.nodes.map(
    node => `${each.id}: ${node.html.slice(0, 150)} (${node.failureSummary.slice(0, 250)})`)))"""
# Hundreds of rows with the same markup get the same verdict hundreds of times, slowly. Of each
# kind of row (tags, classes, names of attributes) the longest and two more stay.
THIN_OUT = """() => {
  const kind = row => [...row.querySelectorAll('*')].map(
    each => each.tagName + each.className + each.getAttributeNames()).join();
  const length = row => row.textContent.length;
  for (const body of document.querySelectorAll('tbody')) {
    const kinds = Map.groupBy([...body.rows], kind);
    for (const rows of kinds.values()) {
      for (const row of rows.sort((a, b) => length(b) - length(a)).slice(3)) row.remove();
    }
  }
}"""


def violations(page: Page, where: str = "html") -> list[str]:
    """Return what axe finds in the part of an open page that a selector names."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(RUN_AXE, [where, TAGS])


def faults(site: Path) -> list[str]:
    """Return what axe finds on the pages below ``site``, as they open on a desk, page by page.

    Raises ReportError if there is no Chromium.
    """
    found = []
    with sync_playwright() as playwright:
        browser = chromium.start(playwright)
        for path in sorted(site.rglob("*.html")):
            name = path.relative_to(site).as_posix()
            if name == "index.html" or name.startswith("_"):  # the front door leads on by itself
                continue
            page = browser.new_page(reduced_motion="reduce")
            page.goto(path.resolve().as_uri())
            page.evaluate(THIN_OUT)
            found += [f"{name}: {each}" for each in violations(page)]
            page.close()
        browser.close()
    return found


def main(arguments: list[str]) -> int:
    """Check the pages below a folder; return the exit status."""
    if len(arguments) != 1:
        print("usage: python -m rso_report.publication.axe SITE", file=sys.stderr)
        return 2
    if chromium.program() is None:
        print("Not checked with axe: there is no `chromium` on the path.", file=sys.stderr)
        return 0
    if found := faults(Path(arguments[0])):
        more = [f"... and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        print("axe finds on the pages:", *found[:SHOWN], *more, sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
