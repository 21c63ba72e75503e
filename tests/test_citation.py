"""How an edition is named and cited, from the notebooks that it was made with."""

import itertools
import re
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook

from rso_report import dataset
from rso_report.edition import Edition
from rso_report.errors import ReportError
from rso_report.parameters import EditionParameters
from rso_report.publication import citation

ROOT = Path(__file__).resolve().parents[1]
YEAR = "2021-22"


def executed(path, *sources):
    tags = ["parameters", "injected-parameters"]
    cells = [
        new_code_cell(source, metadata={"tags": [tag]})
        for source, tag in zip(sources, tags, strict=False)
    ]
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_the_committed_notebooks_are_the_default_edition(path):
    default = EditionParameters()
    assert citation.stored_edition(path).title == f"{default.region} region, {default.report_year}"


def test_injected_parameters_go_before_the_notebooks_own(tmp_path):
    own = 'report_year: str = "2021-22"\nregion: str = "West Midlands"'
    path = executed(tmp_path / "x.ipynb", own, '# Parameters\nreport_year = "2019-20"')
    edition = citation.stored_edition(path)
    assert (edition.report_year, edition.region) == ("2019-20", "West Midlands")


def test_the_name_is_the_one_of_the_areas_table():
    areas = dataset.load("areas").areas
    for row in areas[areas["kind"] == "region"].itertuples():
        name = Edition(region=row.short_name, report_year=YEAR).title
        assert name == f"{row.name}, 2021-22"


def test_a_citation_names_the_part_the_report_and_the_edition():
    said = citation.plain(Edition(region="London", report_year=YEAR), "Figure 2.1")
    assert said == (
        "The rso-report contributors. Figure 2.1. How registered sexual offenders are managed: "
        "London region, 2021-22."
    )


def parsed(entry):
    """The kind, the key and the fields of one BibTeX entry; fails where braces don't match."""
    kind, key, body = re.fullmatch(r"@(\w+)\{([\w-]+),\n(.*)\}\n", entry, re.DOTALL).groups()
    fields = dict(re.fullmatch(r"  (\w+) = \{(.*)\},", line).groups() for line in body.splitlines())
    for value in fields.values():
        depth = 0
        for brace in re.findall(r"(?<!\\)[{}]", value):
            depth += 1 if brace == "{" else -1
            assert depth >= 0, value
        assert depth == 0, value
    return kind, key, fields


def test_the_bibtex_entry_names_the_edition_and_no_year_of_publication():
    kind, key, fields = parsed(citation.bibtex(Edition(region="North East", report_year=YEAR)))
    assert (kind, key) == ("misc", "rso-report-north-east-2021-22")
    assert fields["title"].endswith("managed: North East region, 2021-22}")
    assert fields["author"] == "{The rso-report contributors}"  # braces: not a first and last name
    assert "not official statistics" in fields["note"]
    assert not {"year", "url"} & set(fields)


def test_a_bibtex_entry_escapes_what_latex_would_read():
    _, key, fields = parsed(citation.bibtex(Edition(region="A & B_{c}", report_year=YEAR)))
    assert r"A \& B\_\{c\} region" in fields["title"] and key == "rso-report-a-b-c-2021-22"


def test_a_known_address_is_cited():
    edition, address = Edition(region="London", report_year=YEAR), "https://example.org/r/"
    assert parsed(citation.bibtex(edition, address))[2]["url"] == address
    assert citation.plain(edition, address=address).endswith("2021-22. https://example.org/r/")


@pytest.mark.parametrize("given", ["https://example.org/report", "https://example.org/report/ "])
def test_the_address_ends_in_a_slash(monkeypatch, given):
    monkeypatch.setenv("RSO_REPORT_URL", given)
    assert citation.public_address() == "https://example.org/report/"


@pytest.mark.parametrize(
    "given",
    [
        "example.org",
        "ftp://example.org/",
        "https://",
        "https://example.org/?a=1",
        "https://example.org/#a",
        "https://example.org/index.html",
        'https://example.org/"><script>',
    ],
)
def test_what_is_no_address_of_a_folder_is_refused(monkeypatch, given):
    monkeypatch.setenv("RSO_REPORT_URL", given)
    with pytest.raises(ReportError, match="RSO_REPORT_URL.*allowed"):
        citation.public_address()


def test_without_the_setting_no_address_is_guessed(monkeypatch):
    monkeypatch.delenv("RSO_REPORT_URL", raising=False)
    assert citation.public_address() == ""


def test_the_citation_file_says_what_the_project_says():
    """The keys that the Citation File Format 1.2.0 requires, and those it shares with others."""
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cff["cff-version"] == "1.2.0"
    assert all(isinstance(cff[key], str) and cff[key] for key in ("message", "title", "abstract"))
    assert cff["type"] in ("software", "dataset")
    assert cff["title"] == citation.TITLE
    assert cff["authors"] == [{"name": citation.AUTHOR}]  # an entity, not a person
    assert cff["version"] == project["version"]
    assert cff["license"] == project["license"]
    assert all(isinstance(word, str) for word in cff["keywords"])
    allowed = "cff-version message type title abstract authors version license keywords"
    assert set(cff) == set(allowed.split())


def changelog():
    """Each entry of the changelog, newest first: version of report and data, and what it says."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    heading = re.compile(r"Report (\d+\.\d+\.\d+), data (\d+\.\d+\.\d+)\n\n")
    found = [(heading.match(entry), entry) for entry in entries]
    assert found and all(match for match, _ in found), "a heading is: Report 0.1.0, data 1.0.0"
    return [(*match.groups(), entry[match.end() :]) for match, entry in found]


def test_the_newest_entry_of_the_changelog_has_the_versions_of_report_and_data():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    report, data, _ = changelog()[0]
    assert report == project["version"], "pyproject.toml and CHANGELOG.md differ"
    assert data == dataset.descriptor()["version"], "datapackage.json and CHANGELOG.md differ"


def test_versions_only_move_on():
    versions = [
        tuple(tuple(map(int, version.split("."))) for version in entry[:2]) for entry in changelog()
    ]
    for newer, older in itertools.pairwise(versions):
        assert newer != older
        assert all(now >= before for now, before in zip(newer, older, strict=True))


def test_an_edition_with_other_assumptions_says_which_in_its_name(tmp_path):
    edition = "report_year = '2021-22'\nregion = 'London'"
    page = executed(tmp_path / "breaches.ipynb", edition)
    assert citation.stored_edition(page).others == ""
    executed(tmp_path / "home-visits.ipynb", f"{edition}\nweeks = 44", "weeks = 40")
    # Every page of the edition, whichever parameters its own notebook declares.
    assert citation.stored_edition(page).full_title == "London region, 2021-22 (weeks 40)"
