import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from models.calibration import HazardMap, fit_map
from models.coherence import coherent_risks
from models.linear import fit_ridge
from models.targets import HORIZONS, RISK_COLUMNS, SPECIFIC, TARGETS

unit = st.floats(0, 1, allow_nan=False)


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(float, (7, 4), elements=unit), hnp.arrays(float, (7, 3, 4), elements=unit))
def test_risks_are_coherent_whatever_the_hazards(hazards: np.ndarray, shares: np.ndarray) -> None:
    risks = coherent_risks(hazards, shares).reshape(7, len(TARGETS), len(HORIZONS))
    assert ((risks >= 0) & (risks <= 1)).all()
    assert (np.diff(risks, axis=2) >= 0).all()
    assert (risks[:, :3] <= risks[:, 3:]).all()


def test_risks_are_what_the_hazards_say() -> None:
    hazards = np.array([[0.1, 0.2, 0.3, 0.4]])
    shares = np.full((1, 3, 4), 0.5)
    risk = dict(zip(RISK_COLUMNS, coherent_risks(hazards, shares)[0], strict=True))
    assert risk["escalation_30"] == pytest.approx(1 - 0.9 * 0.8)
    assert risk["escalation_180"] == pytest.approx(1 - 0.9 * 0.8 * 0.7 * 0.6)
    assert risk["violence_90"] == pytest.approx(1 - 0.95 * 0.9 * 0.85)
    assert RISK_COLUMNS[0] == f"{SPECIFIC[0]}_{HORIZONS[0]}"


def test_ridge_is_the_textbook_one() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 5))
    y = (rng.random(500) < expit(x @ [1, -1, 0.5, 0, 0] - 1)).astype(float)
    reference = LogisticRegression(C=0.5, tol=1e-10).fit(x, y)
    intercept, coefficients = fit_ridge(x, y, loss="logistic", penalty=2.0)
    assert coefficients == pytest.approx(reference.coef_[0], abs=1e-3)
    assert intercept == pytest.approx(reference.intercept_[0], abs=1e-3)
    counts = rng.poisson(np.exp(x @ [0.5, 0, 0, 0, 0] - 1)).astype(float)
    poisson = PoissonRegressor(alpha=3.0 / 500, tol=1e-10).fit(x, counts)
    _, coefficients = fit_ridge(x, counts, loss="poisson", penalty=3.0)
    assert coefficients == pytest.approx(poisson.coef_, abs=1e-3)


def test_ridge_keeps_the_bounds() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(800, 2))
    y = (rng.random(800) < expit(-x[:, 0] + x[:, 1])).astype(float)
    _, coefficients = fit_ridge(x, y, loss="logistic", penalty=0.1, bounds=np.array([1, -1]))
    assert coefficients == pytest.approx([0, 0], abs=1e-9)


def test_ridge_refuses_to_learn_from_nothing() -> None:
    with pytest.raises(ValueError, match="no event"):
        fit_ridge(np.ones((5, 1)), np.zeros(5), loss="logistic", penalty=1.0)


def hazard_rows(n: int, slope: float, shift: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    z = rng.normal(-4, 1.2, n)
    return expit(z), (rng.random(n) < expit(shift + slope * z)).astype(float)


def test_calibration_recovers_a_line_from_much_and_keeps_the_identity_without_evidence() -> None:
    hazards, event = hazard_rows(300_000, 0.7, -0.6)
    intercept, slope = fit_map(hazards, event).line()
    assert slope == pytest.approx(0.7, abs=0.04)
    assert intercept == pytest.approx(-0.6, abs=0.15)
    assert fit_map(np.empty(0), np.empty(0)).line() == (0, 1)
    few = fit_map(hazards[:40], np.zeros(40))
    assert abs(np.log(few.slope)) < 0.1 and abs(few.shift) < 0.5


@settings(max_examples=50, deadline=None)
@given(st.floats(-3, 3), st.floats(0.2, 4), st.floats(-9, 0), hnp.arrays(float, 6, elements=unit))
def test_calibration_never_reorders(shift: float, slope: float, centre: float, hazards: np.ndarray) -> None:
    mapped = HazardMap(shift, slope, centre)(np.sort(hazards))
    assert (np.diff(mapped) >= 0).all()
    assert ((mapped >= 0) & (mapped <= 1)).all()


def test_the_identity_changes_nothing() -> None:
    hazards = np.array([[0.01, 0.2], [0.5, 0.9]])
    assert HazardMap()(hazards) == pytest.approx(hazards, abs=1e-12)
    assert logit(HazardMap(0.3)(hazards)) == pytest.approx(logit(hazards) + 0.3)
