"""One PDF of the pages for readers: contents with page numbers, bookmarks, tags for screen readers.

    python -m rso_report.publication.pdf SITE OUT.pdf

The pages that the menu of the start page lists, less those for analysts, are what a person would
print: rows of data, code and records stay on the site. They are put one after another into one
document, which Chromium prints. Printed apart and joined later, they would lose the tags that a
screen reader goes by, and the links between them. Only this step needs a browser.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from rso_report.errors import ReportError
from rso_report.publication import chromium, provenance

HEADER_NAME = re.compile(rb"\(node\d{8}\)")
FOOTER = (
    '<p style="width: 100%; font: 8pt Arial, Helvetica, sans-serif; text-align: center">'
    '<span class="pageNumber"></span></p>'
)
# The pages for readers, as the menu of the start page lists them; the last is that for analysts.
CONTENTS = """() => [...document.querySelectorAll('.bd-docs-nav li.toctree-l1 > a')].slice(0, -1)
  .map(each => ({address: each.href.split('#')[0], title: each.textContent.trim()}))"""
# A page's words, whose ids and links are made to work beside those of the other pages. Links to
# files of the site lead nowhere from a PDF, so their words stay and the links go.
CHAPTER = """([chapters, chapter]) => {
  const article = document.querySelector('article');
  const numbers = new Map(chapters.map((address, index) => [address, index]));
  for (const each of article.querySelectorAll('script, .headerlink')) each.remove();
  for (const each of article.querySelectorAll('a[href]')) {
    const [address, fragment] = each.href.split('#');
    const target = `#chapter-${numbers.get(address)}` + (fragment ? '-' + fragment : '');
    if (numbers.has(address)) each.setAttribute('href', target);
    else if (!/^(https?|mailto):/.test(address)) each.replaceWith(...each.childNodes);
  }
  for (const each of article.querySelectorAll('img')) {
    each.loading = 'eager';
    each.src = each.src;
  }
  for (const each of article.querySelectorAll('[id]')) each.id = `chapter-${chapter}-${each.id}`;
  for (const name of ['headers', 'for', 'aria-labelledby', 'aria-describedby'])
    for (const each of article.querySelectorAll(`[${name}]`))
      each.setAttribute(name, each.getAttribute(name).trim().split(/ +/)
        .map(id => `chapter-${chapter}-${id}`).join(' '));
  article.id = `chapter-${chapter}`;
  return article.outerHTML;
}"""
# One document with the looks of the site's pages. The numbers of pages come later.
JOIN = """async ([title, contents, articles]) => {
  const page = document.createElement('div');
  page.innerHTML = '<main class="bd-main"><div class="bd-content">'
    + '<div class="bd-article-container rso-pdf"></div></div></main>';
  const inner = page.querySelector('.rso-pdf');
  const front = '<nav class="rso-contents"><h1></h1><h2>Contents</h2></nav>';
  inner.innerHTML = front + articles.join('');
  inner.querySelector('h1').textContent = title;
  contents.forEach((title, chapter) => {
    const line = document.createElement('p');
    const link = document.createElement('a');
    link.textContent = title;
    link.href = `#chapter-${chapter}`;
    line.append(link, document.createElement('span'));
    inner.firstChild.append(line);
  });
  document.title = title;
  document.body.replaceChildren(page);
  await Promise.all([...document.images].map(image => image.decode()));
}"""
HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
  .filter(each => each.checkVisibility()).map(each => each.textContent.trim())"""
# The looks of one sheet are in rso-summary.css; links to files of the site would lead nowhere.
BRIEFING = """() => {
  document.documentElement.classList.add('rso-briefing');
  for (const each of document.querySelectorAll('.headerlink')) each.remove();
  for (const each of document.querySelectorAll('a[href]'))
    if (!/^(https?|mailto):/.test(each.getAttribute('href'))) each.replaceWith(...each.childNodes);
}"""
NUMBER = """numbers => document.querySelectorAll('.rso-contents span').forEach(
  (each, index) => each.textContent = numbers[index])"""


def join_pages(page: Page, site: Path) -> None:
    """Make `page` one document of the pages for readers, in the order of the menu.

    Raises ReportError if the folder is not a built report.
    """
    if not (site / "index.html").is_file():
        raise ReportError(f"{site} holds no built report (no index.html). Run `make report` first.")
    page.goto((site / "index.html").resolve().as_uri())
    page.wait_for_selector(".bd-docs-nav", state="attached")  # the front door leads on by itself
    start, lines = page.url.split("#")[0], page.evaluate(CONTENTS)
    title = page.locator("article h1").evaluate("each => each.firstChild.textContent.trim()")
    addresses = [line["address"] for line in lines]
    articles = []
    for number, address in enumerate(addresses):
        page.goto(address)
        articles.append(page.evaluate(CHAPTER, [addresses, number]))
    page.goto(start)
    page.evaluate(JOIN, [title, [line["title"] for line in lines], articles])


def printed(page: Page, scale: float = 1) -> bytes:
    """Return the document as a tagged PDF on A4 with bookmarks for its headings."""
    return page.pdf(
        format="A4",
        scale=scale,
        tagged=True,
        outline=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )


def briefing(page: Page, site: Path) -> bytes:
    """Return the summary of a report on one sheet, as small as that needs.

    Raises ReportError if it is too long to be read on one.
    """
    page.goto((site / "index.html").resolve().as_uri())
    page.wait_for_selector(".bd-docs-nav", state="attached")
    page.evaluate(BRIEFING)
    page.emulate_media(media="print")  # in which some headings are hidden
    for percent in range(100, 54, -5):
        pdf = printed(page, percent / 100)
        if len(PdfReader(BytesIO(pdf)).pages) == 1:
            return finished(pdf, page.evaluate(HEADINGS), provenance.mark(site))
    raise ReportError(f"{site}: the summary is too long for a briefing of one sheet.")


def bookmarks(pdf: PdfReader | PdfWriter) -> list[DictionaryObject]:
    """Return all bookmarks of a PDF in their order, those of a chapter after its own."""

    def below(parent: DictionaryObject) -> Iterator[DictionaryObject]:
        item = parent.get("/First")
        while item:
            yield item.get_object()
            yield from below(item.get_object())
            item = item.get_object().get("/Next")

    return list(below(pdf.root_object["/Outlines"]))


def chapter_pages(pdf: bytes) -> list[int]:
    """Return the number of the page on which each chapter starts; the contents are no chapter."""
    reader = PdfReader(BytesIO(pdf))
    chapters = [each for each in reader.outline if not isinstance(each, list)]
    return [reader.get_destination_page_number(each) + 1 for each in chapters[1:]]


def finished(pdf: bytes, headings: list[str], source: str) -> bytes:
    """Return the PDF with whole titles in its bookmarks and nothing that differs between runs.

    `source` tells programs which site was printed.

    Chromium drops the space or says the words twice where a heading goes over two lines, writes
    the time into the file, and names the headers of tables by numbers that count on between runs.
    """
    writer = PdfWriter(clone_from=BytesIO(pdf))
    for bookmark, heading in zip(bookmarks(writer), headings, strict=True):
        bookmark[NameObject("/Title")] = TextStringObject(heading)
    writer.metadata = {"/Title": headings[0], "/Keywords": source}
    output = BytesIO()
    writer.write(output)
    names = sorted(set(HEADER_NAME.findall(output.getvalue())))
    number = {name: b"(node%08d)" % index for index, name in enumerate(names)}
    return HEADER_NAME.sub(lambda name: number[name[0]], output.getvalue())


def make_pdf(site: Path, output: Path) -> int:
    """Print the report in the folder `site` to the file `output`; return its number of pages.

    Beside it goes `briefing.pdf`, the summary on one sheet. Raises ReportError without Chromium and
    where `site` is no built report.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.how_to_start())
        # Without scripts each chart is its static image, and the colours are the light ones.
        page = browser.new_context(java_script_enabled=False).new_page()
        join_pages(page, site)
        page.evaluate(NUMBER, chapter_pages(printed(page)))
        pdf = finished(printed(page), page.evaluate(HEADINGS), provenance.mark(site))
        for path, content in (
            (output.with_name("briefing.pdf"), briefing(page, site)),
            (output, pdf),
        ):
            part = path.with_name(f"{path.name}.part")  # half a file never gets the name
            part.write_bytes(content)
            part.replace(path)
        browser.close()
    return len(PdfReader(output).pages)


def main(arguments: list[str] | None = None) -> int:
    """Print a built report to a PDF as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rso_report.publication.pdf")
    parser.add_argument("site", type=Path, help="the folder of the built report")
    parser.add_argument("output", type=Path, help="the PDF to write")
    options = parser.parse_args(arguments)
    try:
        pages = make_pdf(options.site, options.output)
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The PDF is ready ({pages} pages): {options.output.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
