"""What axe finds on the pages of a site, looked for before readers get them.

Names, roles, headings, colours: what a program can tell of how the pages are for those who read
with a screen reader, a keyboard or weak eyes. Pages that are served already are left out, of those
that differ from them in nothing but their foot one of a kind is enough, and of the hand-written
pages, which are alike in all editions, one edition. It needs Chromium,
which `make report` does not: where there is none, it says so and lets the pages pass. The tests
look harder: at two widths, in both themes, with everything opened that opens.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Error, async_playwright

from rso_report.errors import ReportError, first_of
from rso_report.publication import chromium

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
  // So do the hundreds of words of a program: three of each colour on each ground.
  const words = Map.groupBy(document.querySelectorAll('pre span[class]'),
    each => each.className + each.closest('[class*="highlight-"]')?.className);
  for (const alike of words.values()) for (const word of alike.slice(3)) word.remove();
}"""
# What data and code a page was made of, by one function for all pages: it has their dates.
FOOT = re.compile(rb'<div class="rso-made">.*?</details>\n</div>', re.DOTALL)


def pages_to_check(site: Path, live: Path | None = None) -> Iterator[Path]:
    """Yield the pages that are looked at; see the top of this module."""
    seen = set()
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site)
        if any(part.startswith("_") for part in name.parts):
            continue  # parts of pages
        if live and (live / name).is_file():
            known, new = (live / name).read_bytes(), path.read_bytes()
            if known == new:
                continue
            if FOOT.sub(b"", known) == FOOT.sub(b"", new):
                if (kind := "notebooks" in name.parts) in seen:
                    continue
                seen.add(kind)
        if 'http-equiv="refresh"' in path.read_text(encoding="utf-8")[:1000]:
            continue  # a front door, which leads on by itself
        inside = name.parts[1:] or name.parts  # of its edition
        if "notebooks" not in name.parts and inside in seen:
            continue
        seen.add(inside)
        yield path


async def _look(site: Path, paths: list[Path], number: int) -> list[str]:
    """Return what axe finds on pages of a site, that number of them at once."""
    left, found = iter(paths), {}

    async def look(browser: Browser) -> None:
        context = await browser.new_context(reduced_motion="reduce")
        await context.add_init_script(AXE_SCRIPT)
        page = await context.new_page()
        for path in left:
            await page.goto(path.resolve().as_uri())
            await page.evaluate(THIN_OUT)
            found[path] = await page.evaluate(RUN_AXE, ["html", TAGS])

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium.how_to_start())
        await asyncio.gather(*(look(browser) for _ in range(number)))
        await browser.close()
    return [f"{path.relative_to(site)}: {each}" for path in paths for each in found[path]]


def require_accessible(site: Path, live: Path | None = None) -> None:
    """Raise ReportError with what axe finds on the pages of a site that are not in `live`."""
    if chromium.program() is None:
        print("Not checked with axe: there is no program `chromium` on the path.", flush=True)
        return
    paths = list(pages_to_check(site, live))
    if len(paths) > 1:
        print(f"Checking {len(paths)} pages with axe", flush=True)
    try:
        found = asyncio.run(_look(site, paths, min(len(paths), os.cpu_count() or 1)))
    except Error as error:
        raise ReportError(f"The browser stopped before axe had seen all pages: {error}") from None
    if found:
        raise ReportError(f"axe finds on the pages:\n{first_of(found)}")
