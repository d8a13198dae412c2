"""Each notebook runs on a small district, shows something, and its two forms are one."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest
from notebook_runs import NOTEBOOKS, executed
from working_folder import Trained

TEXTS = sorted(NOTEBOOKS.glob("*.py"))


def test_there_is_one_for_each_step() -> None:
    assert [text.name[:2] for text in TEXTS] == [f"0{number}" for number in range(1, 9)]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.stem)
def test_it_runs_on_a_small_district_and_shows_a_plot(text: Path, trained: Trained) -> None:
    notebook = executed(text, trained.folder)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.stem)
def test_the_pair_says_the_same(text: Path) -> None:
    cells = [
        [(cell.cell_type, cell.source) for cell in jupytext.read(form).cells]
        for form in (text, text.with_suffix(".ipynb"))
    ]
    assert cells[0] == cells[1]
