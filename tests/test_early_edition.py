"""The first year with data has next to nothing of what pages lead to, and is an edition too."""

import os
import subprocess
import sys

import pytest
from test_reproducible import copied

from rso_report.edition import stored_choices


@pytest.mark.slow
@pytest.mark.parametrize("region", ["West Midlands", "West Mercia Police"])
def test_the_edition_of_the_first_year_is_built_and_published(region, tmp_path):
    first = str(stored_choices().years(region)[0])
    root = copied(tmp_path / "root")
    done = subprocess.run(
        [sys.executable, "-m", "rso_report.cli", "build", "--region", region, "--year", first],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert list(root.glob(f"_site/*-{first}/notebooks/summary.html"))
