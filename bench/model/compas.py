"""Our tabular path on real outcomes: violence within two years among the persons of COMPAS.

The hazard model as it stands, with one interval instead of four. Everything is chosen on screenings before
October 2013 (penalties and calibration on their last quarter); what came later is scored once. Race stays
out, and so does all that was known only after the screening. Evaluation only; the file is never copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.kept import Result
from models.bootstrap import bootstrap, draws, paired_difference
from models.calibration import fit_map
from models.corpus import Clause, Corpus
from models.design import Column
from models.hazard import EscalationHazard
from models.hazard_settings import HazardSettings
from models.metrics import FIGURES, average_precision, roc_auc
from models.ngrams import NgramScore
from models.rows import HazardRows

from .report import told

Array = NDArray[np.float64]

FILE: Final = "compas/compas_two_years.parquet"
CUT: Final = "2013-10-01"
QUARTER: Final = "2013-07-01"
COLUMNS: Final = (
    Column("female", "plain", 0),
    Column("age", "plain", -1),
    Column("juv_fel_count", "plain", 1),
    Column("juv_misd_count", "plain", 1),
    Column("juv_other_count", "plain", 1),
    Column("priors_count", "plain", 1),
    Column("days_b_screening_arrest", "plain", 0),
    Column("c_days_from_compas", "plain", 0),
    Column("felony", "plain", 0),
    Column("priors_a_year", "plain", 1),
)
PENALTIES: Final = (1.0, 5.0, 20.0, 100.0, 1000.0)
TEXT_PENALTIES: Final = (20.0, 200.0)
DRAWS: Final = 1000


def measured(file: Path) -> Result:
    """The figures of the test part, and what was chosen."""
    rows = pd.read_parquet(file).sort_values("compas_screening_date", kind="stable", ignore_index=True)
    when, y = rows["compas_screening_date"].to_numpy(str), rows["violent_within_2y"].to_numpy(float)
    table, corpus = _table(rows), _corpus(rows)
    train, test = when < CUT, when >= CUT
    earlier, quarter = when < QUARTER, (when >= QUARTER) & train
    tried = []
    for penalty in PENALTIES:
        for text_penalty in TEXT_PENALTIES:
            settings = HazardSettings(threads=2, table_penalty=penalty, text_penalty=text_penalty)
            hazard = _fitted(table, corpus, y, earlier, settings)(quarter)
            tried.append((FIGURES["log_loss"](y[quarter], hazard), settings, hazard))
    _, settings, hazard = min(tried, key=lambda one: one[0])
    calibration = fit_map(hazard, y[quarter])
    ours = calibration(_fitted(table, corpus, y, train, settings)(test))
    published = rows["v_decile_score"].to_numpy(float)[test]
    counts = draws(np.arange(test.sum()), DRAWS, seed=0)
    return {
        "train": int(train.sum()),
        "harmed": int(y[train].sum()),
        "test": int(test.sum()),
        "came": int(y[test].sum()),
        "chosen": {"table_penalty": settings.table_penalty, "text_penalty": settings.text_penalty},
        "auc": _told(roc_auc, y[test], ours, published, counts),
        "ap": _told(average_precision, y[test], ours, published, counts),
        "slope": told(bootstrap(FIGURES["calibration_slope"], y[test], ours, counts), 2),
        "predicted": told(bootstrap(_mean_of_second, y[test], ours, counts), 4),
        "chance": _chance(ours),
        "observed": told(bootstrap(_mean_of_first, y[test], ours, counts), 4),
    }


def lines(found: Result) -> Iterator[str]:
    """The report of `measured`."""
    yield "compas, violence within two years (real persons; race and all leaks left out)"
    yield f"  learned from {found['train']:,d} screenings before {CUT}, {found['harmed']} harmed, "
    yield f"  tested on {found['test']:,d} later ones, {found['came']} came; chosen before: {found['chosen']}"
    for name in ("auc", "ap"):
        ours, published, less = found[name]
        yield f"  {name.upper():<4} ours {ours}   published score {published}   ours less it {less}"
    yield f"  calibration slope {found['slope']}"
    yield f"  mean predicted {found['predicted']}, a rate in its interval {found['chance']}"
    yield f"  observed {found['observed']}"


def _table(rows: pd.DataFrame) -> Array:
    made = rows.assign(
        female=(rows["sex"] == "Female").astype(float),
        felony=(rows["c_charge_degree"] == "F").astype(float),
        priors_a_year=rows["priors_count"] / np.maximum(rows["age"] - 17, 1),
    )
    return made[[column.name for column in COLUMNS]].to_numpy(float)


def _corpus(rows: pd.DataFrame) -> Corpus:
    charges = rows["c_charge_desc"].fillna("").str.lower().tolist()
    return Corpus.read(charges, lambda text: [Clause(text)] if text else [])


def _fitted(
    table: Array, corpus: Corpus, y: Array, train: NDArray[np.bool_], settings: HazardSettings
) -> Any:
    """Fitted on the rows of `train`: a function from rows to hazards."""
    at = np.flatnonzero(train)
    blocks = np.array_split(at, 4)
    text = np.full((len(y), 2), np.nan)
    for number in range(1, len(blocks)):
        text[blocks[number]] = _score(corpus, y, np.concatenate(blocks[:number])).columns(
            corpus.rows(blocks[number])
        )
    score = _score(corpus, y, at)
    rows = HazardRows(np.arange(len(at)), np.zeros(len(at), dtype=np.int64), y[at])
    model = EscalationHazard.fit(
        table[at], np.zeros((len(at), 0)), text[at], rows, np.ones(len(at)),
        columns=COLUMNS, cue_names=(), cue_signs=(), cue_points=np.zeros(0), settings=settings, seed=0,
        text_names=("text_sum", "text_worst"),
    )  # fmt: skip

    def hazards(which: NDArray[np.bool_]) -> Array:
        asked = np.flatnonzero(which)
        read = score.columns(corpus.rows(asked))
        return model.hazards(table[asked], np.zeros((len(asked), 0)), read)[:, 0]

    return hazards


def _score(corpus: Corpus, y: Array, at: NDArray[np.int64]) -> NgramScore:
    rate = np.full(len(at), y[at].mean())
    return NgramScore.fit(corpus.rows(at), y[at], rate, np.ones(len(at)), penalty=10.0)


def _told(figure: Any, y: Array, ours: Array, published: Array, counts: Array) -> list[str]:
    return [
        told(bootstrap(figure, y, ours, counts)),
        told(bootstrap(figure, y, published, counts)),
        told(paired_difference(figure, y, ours, published, counts)),
    ]


def _chance(p: Array) -> str:
    """Where 95 % of observed rates lie if the risks are right."""
    spread = 1.96 * float(np.sqrt((p * (1 - p)).sum())) / len(p)
    return f"[{p.mean() - spread:.4f}, {p.mean() + spread:.4f}]"


def _mean_of_first(y: Array, p: Array, weight: Array | None = None) -> float:
    return float(np.average(y, weights=weight))


def _mean_of_second(y: Array, p: Array, weight: Array | None = None) -> float:
    return float(np.average(p, weights=weight))
