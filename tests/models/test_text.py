"""Text scores: of harm and of trouble, each row's out of fold by time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_district import CUT

from docket.snapshot import Snapshot
from models import text
from models.blocks import Points, blocks
from models.material import Material, gather


@pytest.fixture(scope="module")
def material(snapshot: Snapshot) -> Material:
    return gather(snapshot, CUT, seed=1)


@pytest.mark.parametrize("teacher", text.TEACHERS)
def test_a_text_is_scored_by_what_was_known_before_its_block(material: Material, teacher: str) -> None:
    m = material
    points = Points(m.known, m.ids.tolist(), m.as_of, m.weight)
    whole = text.out_of_fold(m.inputs.corpus, points, teacher)
    first, *_, last = blocks(m.as_of)
    assert np.isnan(whole[first.before]).all()
    assert np.isfinite(whole[last.rows]).all() and np.ptp(whole[last.rows, 0]) > 0
    earlier = text.out_of_fold(m.inputs.corpus, replace(points, snapshot=m.known.until(last.begin)), teacher)
    np.testing.assert_array_equal(earlier, whole)


@pytest.mark.parametrize("teacher", text.TEACHERS)
def test_what_is_expected_of_average_cases_adds_up_to_what_came(material: Material, teacher: str) -> None:
    m = material
    points = Points(m.known, m.ids.tolist(), m.as_of, m.weight)
    lesson = text.TEACHERS[teacher][0](points, points.all, m.cut)
    assert lesson is not None and (lesson.exposure > 0).all() and (lesson.events > 0).sum() > 100
    weight = points.weight[lesson.rows]
    assert weight @ lesson.exposure == pytest.approx(weight @ lesson.events, rel=0.1)


def test_too_little_teaches_nothing(material: Material) -> None:
    m = material
    points = Points(m.known, m.ids.tolist(), m.as_of, m.weight)
    few = np.flatnonzero(m.as_of < np.quantile(m.as_of, 0.01))
    for name in text.TEACHERS:
        assert text.fit_score(m.inputs.corpus, points, name, few, int(m.as_of[few].max()) + 1) is None
