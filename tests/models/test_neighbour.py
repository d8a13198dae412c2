"""A district with few harms may start from a neighbour's line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up_district import CUT, SETTINGS, District

from docket.snapshot import Snapshot
from models.card import render_card
from models.fit import Trained, train
from models.linear import fit_ridge
from models.neighbour import line_of
from models.reading import CUE_NAMES


@pytest.fixture(scope="module")
def started(small: District, learned: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    snapshot = Snapshot.from_folder(small.write(tmp_path_factory.mktemp("small")))
    return train(snapshot, CUT, seed=1, settings=SETTINGS, neighbour=learned.scorer)


def test_its_own_line_is_carried_over_as_it_is(learned: Trained) -> None:
    hazard = learned.scorer.estimator.hazard
    carried = line_of(hazard, hazard.design, hazard.columns, CUE_NAMES)
    np.testing.assert_allclose(carried, hazard.coefficients[: len(carried)], rtol=1e-12)


def test_a_term_counts_the_same_on_another_scale(learned: Trained, started: Trained) -> None:
    theirs, ours = learned.scorer.estimator.hazard, started.scorer.estimator.hazard
    carried = line_of(theirs, ours.design, ours.columns, CUE_NAMES)
    keys = {
        (theirs.columns[t.source].name, t.kind, t.code): (i, t) for i, t in enumerate(theirs.design.terms)
    }
    shared = 0
    for place, term in enumerate(ours.design.terms):
        found = keys.get((ours.columns[term.source].name, term.kind, term.code))
        if found is None:
            assert carried[place] == 0
            continue
        shared += 1
        there, of = found
        # by one unit of the transformed column, the log hazard moves alike
        assert carried[place] / term.scale == pytest.approx(theirs.coefficients[there] / of.scale)
    assert shared > len(ours.design.terms) / 2


def test_the_start_shows_in_the_line_and_on_the_card(
    small: District, learned: Trained, started: Trained, tmp_path: Path
) -> None:
    alone = train(Snapshot.from_folder(small.write(tmp_path)), CUT, seed=1, settings=SETTINGS)
    theirs = learned.scorer.estimator.hazard

    def likeness(made: Trained) -> float:
        hazard = made.scorer.estimator.hazard
        carried = line_of(theirs, hazard.design, hazard.columns, CUE_NAMES)
        return float(np.corrcoef(carried, hazard.coefficients[: len(carried)])[0, 1])

    assert likeness(started) > likeness(alone)
    assert "another district's model" in render_card(started)
    assert "another district's model" not in render_card(alone)


def test_the_signs_that_are_clear_hold_all_the_same(started: Trained) -> None:
    hazard = started.scorer.estimator.hazard
    signs = np.array([*hazard.design.signs, *hazard.cue_signs])
    assert (hazard.coefficients[: len(signs)] * signs >= -1e-9).all()


def test_without_evidence_a_coefficient_stays_where_it_is_drawn_to() -> None:
    x = np.column_stack([np.zeros(40), np.linspace(-1, 1, 40)])
    y = np.array([0.0, 1.0] * 20)
    _, found = fit_ridge(x, y, loss="logistic", penalty=2.0, centre=np.array([1.5, 0.0]))
    assert found[0] == pytest.approx(1.5, abs=1e-4)
    assert abs(found[1]) < 0.5
