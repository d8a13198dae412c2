"""Whole columns of narratives are prepared as one narrative is, in whatever number they come."""

from __future__ import annotations

import pyarrow as pa
import pytest

from docket.preparing import prepare_column
from docket.text import prepare


@pytest.mark.parametrize("size", [3, 20_001])
def test_column_is_prepared_text_by_text_in_order(size: int) -> None:
    texts = [f"第{number}次争吵，电话13919001234" for number in range(size)]
    cells = pa.chunked_array([pa.array(texts[:2], pa.large_string()), pa.array(texts[2:], pa.large_string())])
    prepared = prepare_column(cells).to_pylist()
    assert len(prepared) == size
    for place in (0, 1, size // 2, size - 1):
        assert prepared[place] == prepare(texts[place]).text


def test_nothing_left_is_missing_and_repeats_keep_their_places() -> None:
    cells = pa.array(["争吵", None, "多次到信访局上访", "争吵", "  "], pa.large_string())
    assert prepare_column(cells).to_pylist() == ["争吵", None, None, "争吵", None]
