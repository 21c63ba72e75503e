"""What axe finds on the pages of a site, looked for before readers get them.

Names, roles, headings, colours: what a program can tell of how the pages are for those who read
with a screen reader, a keyboard or weak eyes. Left out are pages whose elements are all of kinds,
at kinds of places, that are on pages looked at, or on what is served as the same page. It needs
Chromium, which `make report` does not: where there is none, it says so and lets the pages pass.
The tests look harder: at all pages, two widths, in both themes, with everything opened that opens.
"""

import asyncio
import os
import re
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Error, async_playwright

from rso_report.errors import ReportError, first_of
from rso_report.publication import chromium, policy

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """([where, tags]) => axe
  .run(where, {runOnly: tags, resultTypes: ['violations']})
  .then(results => results.violations.flatMap(each => each.nodes.map(
    node => `${each.id}: ${node.html.slice(0, 150)} (${node.failureSummary.slice(0, 250)})`)))"""
# Hundreds of rows with the same markup get the same verdict hundreds of times, slowly; so do the
# items of lists. Of each kind (tags, classes, names of attributes) the longest and two more stay.
THIN_OUT = """() => {
  const kind = row => [...row.querySelectorAll('*')].map(
    each => each.tagName + each.className + each.getAttributeNames()).join();
  const length = row => row.textContent.length;
  for (const whole of document.querySelectorAll('tbody, ul, ol')) {
    const kinds = Map.groupBy(whole.children, kind);
    for (const rows of kinds.values()) {
      for (const row of rows.sort((a, b) => length(b) - length(a)).slice(3)) row.remove();
    }
  }
  // So do the hundreds of words of a program: three of each colour on each ground.
  const words = Map.groupBy(document.querySelectorAll('pre span[class]'),
    each => each.className + each.closest('[class*="highlight-"]')?.className);
  for (const alike of words.values()) for (const word of alike.slice(3)) word.remove();
}"""
# Contrast is of colours and letters, and takes axe most of its time: of each kind of letters on
# each ground, in a part of the page, it looks at three that are shown now.
CONTRAST = """where => {
  for (const each of document.querySelectorAll('[data-contrast]')) delete each.dataset.contrast;
  const shown = [...document.querySelectorAll(`${where}, ${where} *`)].filter(
    each => each.checkVisibility({visibilityProperty: true}));
  const grounds = new Map([[null, '']]);
  const ground = each => {
    if (!grounds.has(each)) {
      const {backgroundColor, backgroundImage, opacity} = getComputedStyle(each);
      const own = [backgroundColor, backgroundImage, opacity].join();
      const below = ground(each.parentElement);
      grounds.set(each, own === 'rgba(0, 0, 0, 0),none,1' ? below : below + own);
    }
    return grounds.get(each);
  };
  const alike = Map.groupBy(shown, each => {
    const {color, fill, fontSize, fontWeight} = getComputedStyle(each);
    return [each.tagName, each.className, color, fill, fontSize, fontWeight, ground(each)].join();
  });
  for (const each of alike.values()) for (const one of each.slice(0, 3)) one.dataset.contrast = '';
  axe.configure({rules: [{id: 'color-contrast', selector: '[data-contrast]'}]});
}"""
# A tag, the text after it, and whether that is all; what a script or a style holds is neither.
_TAG = re.compile(
    rb"<(script|style)\b.*?</\1>|<(/?)([a-z][a-z0-9]*)([^>\"]*(?:\"[^\"]*\"[^>\"]*)*)>([^<]*)(?=(</)?)",
    re.DOTALL | re.IGNORECASE,
)
# What is said, named or led to: that there is something counts alone.
_WORDS = re.compile(
    rb"(\s(?:id|name|href|src|srcset|alt|title|content|value|width|height|aria-label|data-[a-z-]+)=)"
    rb'"[^"]+"'
)
_CLASS, _NAMED = re.compile(rb'\sclass="[^"]*"'), re.compile(rb'\s(?:id|aria-label)="[^"]+"')
_SHEET = re.compile(rb"[^/]*\.css[^\"]*")
_EMPTY = {b"meta", b"link", b"br", b"img", b"input", b"hr", b"source", b"col", b"wbr"}


def kinds(page: bytes) -> set[int]:
    """Return the kinds of elements of a page: what axe says of one holds for all of its kind.

    An element's kind is the style sheets of the page, names and classes of all that it stands in,
    its tag without words, whether it has words, or nothing, whether its name is another's too, and
    of a heading the one before. What comes of the length of a word is left out, such as a target
    too small to be hit.
    """
    inside = [(b"", hash(tuple(_SHEET.findall(page.partition(b"</head>")[0]))))]
    found, tags, named, heading = set(), set(), set(), b""
    for _, end, tag, rest, words, closed in _TAG.findall(page):
        if end:
            while len(inside) > 1 and inside.pop()[0] != tag:
                pass
        elif tag:
            (outer, place), names = inside[-1], {*_NAMED.findall(rest)}
            if not tag == b"section" == outer:  # how deep one stands in others does not matter
                place = hash((place, tag, *_CLASS.findall(rest)))
            before, heading = (heading, tag) if re.match(rb"h\d", tag) else (b"", heading)
            own = (_WORDS.sub(rb"\1", rest), bool(words.strip()) or closed, bool(names & named))
            found.add(hash((place, before, *own)))
            tags.add(tag)
            named |= names
            if tag not in _EMPTY and not rest.endswith(b"/"):
                inside.append((tag, place))
    return found | {hash((tag, tag in tags)) for tag in (b"title", b"main", b"h1")}


def pages_to_check(site: Path, live: Path | None = None) -> list[Path]:
    """Return the pages that are looked at; see the top of this module."""
    seen, found = set(), {}
    for path in policy.pages(site):
        name = path.relative_to(site)
        page = path.read_bytes()
        known = (live / name).read_bytes() if live and (live / name).is_file() else b""
        # A front door leads on by itself.
        if page != known and b'http-equiv="refresh"' not in page[:1000]:
            seen |= kinds(known)
            found[path] = kinds(page)
    # First the pages with most kinds: they leave the least to the others.
    paths = []
    for path in sorted(found, key=lambda path: -len(found[path])):
        if found[path] - seen:
            seen |= found[path]
            paths.append(path)
    return paths


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
            await page.evaluate(CONTRAST, "html")
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
    paths = pages_to_check(site, live)
    if len(paths) > 1:
        print(f"Checking {len(paths)} pages with axe", flush=True)
    try:
        found = asyncio.run(_look(site, paths, min(len(paths), os.cpu_count() or 1)))
    except Error as error:
        raise ReportError(f"The browser stopped before axe had seen all pages: {error}") from None
    if found:
        raise ReportError(f"axe finds on the pages:\n{first_of(found)}")
