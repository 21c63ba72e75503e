"""How an edition is named and cited, from the notebooks that it was made with."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from rso_report import citation, dataset

ROOT = Path(__file__).resolve().parents[1]


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
    assert citation.stored_edition(path).name == "West Midlands region, 2021-22"


def test_injected_parameters_go_before_the_notebooks_own(tmp_path):
    own = 'report_year: str = "2021-22"\nregion: str = "West Midlands"'
    path = executed(tmp_path / "x.ipynb", own, '# Parameters\nreport_year = "2019-20"')
    edition = citation.stored_edition(path)
    assert (edition.report_year, edition.region) == ("2019-20", "West Midlands")


def test_the_name_is_the_one_of_the_areas_table():
    areas = dataset.load("areas").areas
    for row in areas[areas["kind"] == "region"].itertuples():
        name = citation.StoredEdition("2021-22", row.short_name).name
        assert name == f"{row.name}, 2021-22"


def test_a_citation_names_the_part_the_report_and_the_edition():
    said = citation.plain(citation.StoredEdition("2021-22", "London"), "Figure 2.1")
    assert said == (
        "The rso-report contributors. Figure 2.1. How registered sexual offenders are managed: "
        "London region, 2021-22."
    )
