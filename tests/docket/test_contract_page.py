"""The page about the contract says what the contract says."""

from __future__ import annotations

from pathlib import Path

from docket.contract.documented import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-contract.md"


def test_the_page_is_made_of_the_contract() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "python -m docket.contract.documented > docs/data-contract.md"
    )
