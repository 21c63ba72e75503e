"""The words of the report: no stigma, no alarm, British, plain, and each misreading pre-empted."""

import copy
import csv
import html
import re
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
VERBATIM = {
    "sources": ("title", "publisher"),
    "breaches": ("offence_title", "heading_as_printed"),
    "discrepancies": ("printed",),
    "areas": ("name",),
}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEXT_FILES = {".csv", ".json", ".md", ".txt", ".bib", ".cff", ".xml", ".ipynb", ".yml"}

# Each pattern with a sentence that it must catch; matched as whole words, in any case.
STIGMA = {
    r"predat\w+": "Sexual predators",
    r"monsters?|monstrous": "the monster next door",
    r"pa?ed(?:o|os|ophil\w+)": "a paedophile",
    r"perv|perverts?|perverted": "perverts",
    r"beasts?|fiends?|maniacs?|nonces?|deviants?|molesters?|psychos?": "sex beast",
    r"sex (?:beast|fiend|pest|maniac|criminal|attacker)s?": "sex pests",
    r"(?<!child )sex offenders?": "sex offenders",  # official: child sex offender disclosure scheme
    r"criminals|convicts|ex-cons?|crooks?": "dangerous criminals",
    r"evil|sick|vile|depraved|twisted|wicked|sleazy": "an evil act",
    r"dangerous (?:offender|person|people|m[ae]n|wom[ae]n|individual)s?": "dangerous offenders",
    r"on the (?:run|loose|prowl)|at large|gone to ground|off (?:the )?radar": "still at large",
    r"lost|vanish\w*|disappear\w*|slipp\w+ (?:away|through)": "police lost track",
    r"prowl\w*|lurk\w*|roam\w*|stalk(?:s|ed|ing)": "lurking nearby",
    r"(?:ticking )?time[- ]?bombs?|ticking": "a ticking time bomb",
    r"shock\w*|terrif\w+|horrif\w+|alarming(?:ly)?|chilling|sickening|scandal\w*": "shocking rise",
    r"soar\w*|surg(?:e|es|ed|ing)|skyrocket\w*|rocket(?:s|ed|ing)|explod\w+": "numbers soared",
    r"epidemic|plague\w*|flood(?:s|ed|ing)?|swarm\w*|rampant": "an epidemic",
    r"freed": "freed early",
}
AMERICAN = {
    r"colors?|colored|coloring|behaviors?|favor\w*|neighbor\w*|honor\w*|labor": "behavior",
    r"centers?|centered|meters|fiber|gray|skeptic\w*": "a referral center",
    r"\w+(?:yz)(?:e|es|ed|ing)": "we analyzed",
    r"(?:organ|recogn|summar|categor|normal|standard|parameter|annual|general|minim|maxim|real"
    r"|emphas|final|author|character|priorit|special|util|apolog|critic|local|central)iz\w+": "an "
    "organization",
    r"labeled|labeling|canceled|modeling|traveler|traveled|fulfill|enroll|skillful": "labeled",
    r"defense|offenses?|pretense|licensed? (?=plate)": "an offense",
    r"programs? of|toward|afterward|anyways|gotten": "toward the police",
    r"catalogs?|dialogs?|analogs?": "a catalog",
    r"probation department|sheriffs?|felon\w*|misdemeanors?": "a felony",
}
# The region or the police force is said, or the words are a value in quotation marks.
WEST_MIDLANDS = r"West Midlands(?! (?:police|force|forces|region|ambulance|combined)\b)(?![”\"'’&])"
OFFENDERS = r"(?<!registered sexual )(?<!child sex )(?<!missing )offenders?(?! management)"
ONE_IN = (
    r"(?:one|1) (?:in|of|out of) (?:every |each )?(?:\d[\d,.]*|hundred|thousand)(?! \w+ aged 10)"
)
GRADE = 12  # of school years: about that of a quality newspaper
HEADS_OF_OTHERS = "form_measures.csv"
LONGEST = 45  # words in a sentence, numbers counted


def found(pattern, text):
    return [
        re.sub(r"\s+", " ", text[max(0, m.start() - 40) : m.end() + 40])
        for m in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w])", text, re.I)
    ]


def check(rules, text):
    return [hit for pattern in rules for hit in found(pattern, text)]


@pytest.fixture(scope="module")
def quoted():
    """Words that are not ours, kept as they were printed so that a figure can be found again.

    They are cut out before anything is checked: titles, publishers and addresses of sources,
    titles and headings of offences, words quoted in the ledger, names of areas.
    """
    names = set()
    for table, columns in VERBATIM.items():
        with open(ROOT / "data" / f"{table}.csv", encoding="utf-8", newline="") as file:
            names |= {row[column] for row in csv.DictReader(file) for column in columns}
    names = {name for name in names if len(name) > 7 and re.search("[A-Za-z]", name)}
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile("|".join([r"https?://[^\s\"<>|)]+", *map(re.escape, longest_first)]))


def own_words(text, quoted):
    text = re.sub(r"\s+", " ", html.unescape(text)).replace('\\"', '"').replace("\\u00a0", " ")
    return quoted.sub(" … ", text)


@pytest.fixture(scope="module")
def articles(documents):
    """The article of every page of the report, without what browsers do not show."""
    found = {}
    for name, document in documents.items():
        article = copy.copy(document.select_one("article"))
        if article and name.startswith(("book/", "notebooks/")):
            for hidden in article.select("script, style, .headerlink"):
                hidden.decompose()
            found[name] = article
    assert len(found) > 10
    return found


def strings(value):
    """Every text in a notebook or JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def download_texts(site):
    """The text of every file that can be downloaded, those inside archives and sheets too."""
    for path in sorted(site.rglob("*")):
        if path.is_relative_to(site / "_static") or path.is_relative_to(site / "_sources"):
            continue
        if path.suffix in TEXT_FILES and path.name != "sitemap.xml":
            yield path.name, path.read_text(encoding="utf-8")
        elif path.suffix in {".zip", ".xlsx"}:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if Path(name).suffix in TEXT_FILES:
                        yield f"{path.name}: {name}", archive.read(name).decode("utf-8")


def shown(notebook):
    """A notebook without its code, which names methods of libraries as these are called."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = ""
    return notebook


def test_no_page_file_or_notebook_stigmatises_or_alarms(site, visible, quoted):
    texts = dict(visible)
    texts |= {
        path.name: "\n".join(strings(shown(nbformat.read(path, as_version=4))))
        for path in NOTEBOOKS
    }
    texts |= {name: (ROOT / name).read_text() for name in ("README.md", "CHANGELOG.md")}
    texts |= {path.name: path.read_text() for path in sorted((ROOT / "data").glob("*.csv"))}
    texts |= dict(download_texts(site))
    # The heads by which others name a measure, in their words: a file of theirs is read by them.
    texts = {name: text for name, text in texts.items() if not name.endswith(HEADS_OF_OTHERS)}
    hits = [
        f"{name}: {hit}"
        for name, text in texts.items()
        for hit in check(STIGMA, own_words(text, quoted))
    ]
    assert not hits, "\n".join(hits)


@pytest.fixture(scope="module")
def visible(articles, quoted):
    """What is read on each page, without code."""
    texts = {}
    for name, article in articles.items():
        own = copy.copy(article)
        for code in own.select("code, pre"):
            code.decompose()
        texts[name] = own_words(own.get_text(" "), quoted)
    return texts


def test_spelling_is_british(visible):
    readme = (ROOT / "README.md").read_text()
    hits = [
        f"{name}: {hit}"
        for name, text in {**visible, "README.md": readme}.items()
        for hit in check(AMERICAN, text)
    ]
    assert not hits, "\n".join(hits)


def test_west_midlands_says_whether_police_or_region(visible):
    hits = [
        f"{name}: {hit}" for name, text in visible.items() for hit in found(WEST_MIDLANDS, text)
    ]
    assert not hits, "\n".join(hits)


@pytest.fixture(scope="module")
def prose(articles):
    """The paragraphs of each page."""
    return {name: prose_blocks(article) for name, article in articles.items()}


def test_people_are_not_called_offenders_outside_the_official_term(prose, quoted):
    hits = [
        f"{name}: {hit}"
        for name, blocks in prose.items()
        for block in blocks
        for hit in found(OFFENDERS, own_words(block, quoted))
    ]
    assert not hits, "\n".join(hits)


def test_no_rate_is_given_as_one_in_so_many(visible):
    hits = [f"{name}: {hit}" for name, text in visible.items() for hit in found(ONE_IN, text)]
    assert not hits, "\n".join(hits)


@pytest.mark.parametrize(("pattern", "sentence"), [*STIGMA.items(), *AMERICAN.items()])
def test_each_term_is_caught(pattern, sentence):
    assert found(pattern, f"They said {sentence}.")


@pytest.mark.parametrize(
    "sentence",
    [
        "Missing registered sexual offenders (RSOs) were traced.",
        "The child sex offender disclosure scheme; convicted of an offence.",
        "West Midlands Police analysed the behaviour of a centre.",
        "Areas with large populations; evidence; sickness; almost; the run stops.",
    ],
)
def test_plain_sentences_pass(sentence):
    assert not check({**STIGMA, **AMERICAN}, sentence)


def test_the_other_rules_catch_what_they_are_for(quoted):
    assert found(WEST_MIDLANDS, "in the West Midlands.")
    assert not found(
        WEST_MIDLANDS, "West Midlands Police, the West Midlands region, “West Midlands”"
    )
    assert found(OFFENDERS, "offenders were visited")
    assert not found(OFFENDERS, "registered sexual offenders, missing offenders")
    assert found(ONE_IN, "one in 694 people") and found(ONE_IN, "1 in 700")
    assert not found(ONE_IN, "one in 694 people aged 10 and over")
    title = "40 convicted sex criminals on the run from Midlands police"
    assert not check(STIGMA, own_words(f"See {title} (2012).", quoted))
    assert check(STIGMA, own_words("50 sex offenders on the run", quoted))


# The ten misreadings: page, the figure or table where it could happen (or a heading), and words
# that stand in the same section.
MISREADINGS = {
    "a rate read as one in so many people, evenly spread": (
        "notebooks/regional-trends.html",
        "fig-funnel",
        "nothing about the chance of meeting anybody",
    ),
    "a count with custody set against one without": (
        "notebooks/regional-trends.html",
        "tab-community-and-register",
        "two are different measures",
    ),
    "recorded offences read as a share of people": (
        "notebooks/breaches.html",
        "fig-recorded-offences-chart",
        "not a share of the people on the register",
    ),
    "more people read as more offending": (
        "notebooks/regional-trends.html",
        "fig-community-counts",
        "does not mean more offending",
    ),
    "missing read as nearby": (
        "notebooks/missing-offenders.html",
        "main-points",
        "Missing does not mean nearby",
    ),
    "a heading trusted over the titles": (
        "notebooks/breaches.html",
        "tab-headings-and-titles",
        "this report classifies by title",
    ),
    "a part-year read as a fall": (
        "notebooks/breaches.html",
        "fig-recorded-offences-chart",
        "must not be read as a fall",
    ),
    "a policy read as visits made": (
        "notebooks/home-visits.html",
        "tab-visits-by-tier",
        "does not say that the visits were made",
    ),
    "a MAPPA level read as risk": (
        "notebooks/home-visits.html",
        "tab-visit-policies",
        "It is not a MAPPA level",
    ),
    "small differences ranked": (
        "notebooks/regional-trends.html",
        "fig-funnel",
        "not a ranking",
    ),
}


@pytest.mark.parametrize("misreading", MISREADINGS)
def test_each_misreading_is_pre_empted_where_it_would_happen(articles, misreading):
    page, place, words = MISREADINGS[misreading]
    spot = articles[page].find(id=place)
    assert spot, f"{page} has no #{place}"
    section = spot if spot.name == "section" else spot.find_parent("section")
    assert words in re.sub(r"\s+", " ", section.get_text()), f"{page}#{place}"


# What a section may begin with: words, or the cards and numbers of the start page.
OPENERS = {"p", "ul", "ol", "dl", "section"}
OPENING_CLASSES = {"sd-container-fluid", "rso-start"}


def opening(section):
    """The first thing under the heading of a section that a reader meets."""
    here = section.find(re.compile("^h[1-6]$"), recursive=False).find_next_sibling()
    while here is not None and here.name in {"div", "span", "details"}:
        classes = set(here.get("class", []))
        if classes & OPENING_CLASSES:
            return here
        if here.name == "details" and "rso-section" in classes:
            here = here.summary.find_next_sibling()
            continue
        if here.name == "details":
            if "hide" not in classes:  # the folded code of a cell
                return here
            here = here.find_next_sibling()
            continue
        inner = here.find(True, recursive=False)
        here = inner if inner is not None else here.find_next_sibling()
    return here


def test_every_section_opens_with_words(articles):
    bad = []
    for name, article in articles.items():
        for section in article.select("section"):
            first = opening(section)
            named = first is not None and first.name in OPENERS
            if not named and not (first and OPENING_CLASSES & set(first.get("class", []))):
                bad.append(f"{name}#{section.get('id')}: {first and first.name}")
    assert not bad, "\n".join(bad)


def prose_blocks(article):
    """Paragraphs, list items and definitions as text.

    Left out are headings, tables, charts, code, citations, and bullets of figures with their rows:
    short labels and numbers, which would make a page look easier to read than it is.
    """
    own = copy.copy(article)
    away = "table, figure, pre, code, dt, h1, h2, h3, .sd-card, .rso-table, details"
    for each in own.select(away):
        each.decompose()
    for bullet in own.select("li:has(a[href*='#row-'], a.footnote-reference)"):
        bullet.decompose()
    for link in own.select("a[href]"):
        if re.search(r"#(row|source)-", link["href"]):
            link.decompose()
    blocks = []
    for block in own.select("p, dd"):
        if not block.select("p"):
            text = re.sub(r"\s+", " ", block.get_text())
            blocks.append(re.sub(r" ?\([;,\s]*\)", "", text).strip())
    return [block for block in blocks if block]


def sentences(blocks):
    """What stands between full stops; the mark of a note, as in `risk.[3]`, is left out."""
    unmarked = (re.sub(r"\[\d+\]", "", block) for block in blocks)
    return [s for block in unmarked for s in re.split(r"(?<=[.!?])\s+", block) if s.strip()]


def reading_grade(blocks):
    """Automated Readability Index: from characters a word and words a sentence."""
    words = [word for s in sentences(blocks) for word in s.split() if re.search(r"\w", word)]
    characters = sum(len(re.sub(r"\W", "", word)) for word in words)
    return 4.71 * characters / len(words) + 0.5 * len(words) / len(sentences(blocks)) - 21.43


def test_the_index_tells_plain_from_hard():
    assert reading_grade(["The cat sat on the mat. It was warm."]) < 2
    hard = "Notwithstanding definitional heterogeneity, inter-jurisdictional comparability of "
    assert (
        reading_grade([hard + "administratively generated statistics remains problematical."]) > 20
    )


def test_no_page_is_harder_to_read_than_a_quality_newspaper(prose):
    grades = {
        name: round(reading_grade(blocks), 1)
        for name, blocks in prose.items()
        if sum(len(block.split()) for block in blocks) >= 30  # too few words give no grade
    }
    print(grades)  # shown by pytest -s
    assert {name: grade for name, grade in grades.items() if grade > GRADE} == {}


def test_no_sentence_loses_its_reader(prose):
    long = [
        f"{name}: {len(sentence.split())} words: {sentence}"
        for name, blocks in prose.items()
        for sentence in sentences(blocks)
        if len(sentence.split()) > LONGEST
    ]
    assert not long, "\n".join(long)
