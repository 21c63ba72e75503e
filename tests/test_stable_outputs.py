"""A notebook gives the same outputs wherever, whenever and as whoever it is executed."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from rso_report.execute import PICTURE, charts

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {
    "TZ": "Pacific/Auckland",
    "LC_ALL": "C",
    "LANG": "de_DE.UTF-8",
    # Plain ASCII where a program doesn't say which encoding it means, as on old systems.
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONHASHSEED": "4711",
    "COLUMNS": "40",
    "USER": "somebody-else",
}


def run(*words, folder):
    """Run Python in another folder and world, with a home of its own."""
    environment = ELSEWHERE | {"HOME": str(folder), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", *map(str, words)]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize(
    "notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_opened_in_jupyterlab_every_chart_is_a_picture(notebook):
    """JupyterLab draws no Vega-Lite of the version that is stored; a picture it shows."""
    drawn = list(charts(nbformat.read(notebook, as_version=4)))
    assert all(base64.b64decode(chart[PICTURE])[:8] == b"\x89PNG\r\n\x1a\n" for chart in drawn)
    assert notebook.stat().st_size < 1_000_000


def test_a_reviewer_may_run_nbval_from_any_folder_and_in_any_locale(tmp_path):
    notebook = ROOT / "notebooks" / "missing-offenders.ipynb"
    run("pytest", "-p", "no:cacheprovider", "--nbval", notebook, folder=tmp_path)
