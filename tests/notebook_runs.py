"""Notebooks run from their text form; as a program, it runs them on a demo and writes the pairs.

python tests/notebook_runs.py DEMO [04 05 …]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def executed(text: Path, demo: Path) -> nbformat.NotebookNode:
    """A notebook with its outputs, run beside the others on a working folder with records and a registry.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails; the message shows which and why.
    """
    notebook = jupytext.read(text)
    client = NotebookClient(notebook, timeout=1_800, resources={"metadata": {"path": str(NOTEBOOKS)}})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    environment |= {"ANLAN_DEMO": str(demo), "PYTHONPATH": str(NOTEBOOKS.parent)}
    client.execute(env=environment)
    return notebook


def _write_pairs(demo: Path, numbers: list[str]) -> None:
    for text in sorted(NOTEBOOKS.glob("*.py")):
        if numbers and text.name[:2] not in numbers:
            continue
        notebook = executed(text, demo)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # when it ran: another on each run
            if "outputs" in cell:  # what libraries say of this machine is nobody's
                cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
        for place, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{place}"
        notebook.metadata.pop("language_info", None)
        jupytext.write(notebook, text.with_suffix(".ipynb"))
        sys.stdout.write(f"{text.name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _write_pairs(Path(sys.argv[1]).resolve(), sys.argv[2:])
