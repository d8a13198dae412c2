"""An encoder's scores as the hazard reads them: out of fold by time, saved with the model, never lowering."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Self, cast

import mlflow
import numpy as np
import pandas as pd
import pytest
from made_up_district import CUT, SETTINGS, District
from tiny_bodies import make_tiny_bert

from docket.snapshot import Snapshot
from docket.times import parse_instant
from models import registry
from models.card import render_card
from models.corpus import Clause, Corpus
from models.encoders import folds
from models.encoders.base import Encoder, Lessons
from models.encoders.frozen import FrozenEncoder
from models.encoders.ngrams import NgramEncoder
from models.encoders.small import SmallSettings
from models.encoders.transformer import TransformerEncoder
from models.encoders.tuning import TuningSettings
from models.evaluation import judge
from models.fit import Trained, train
from models.hazard import TEXT_COLUMNS
from models.inputs import Inputs
from models.metrics import roc_auc
from models.scorer import Scorer
from models.targets import RISK_COLUMNS
from pipelines.cli import run

EDGE = parse_instant("2023-10-01")
"""A cut at which the small district has two blocks with harms before them."""


def corpus_of(texts: list[str]) -> Corpus:
    return Corpus.read(texts, lambda text: [Clause(part) for part in text.split("，")])


def planted(n: int = 1200) -> tuple[Corpus, np.ndarray, np.ndarray]:
    """Texts that foretell nothing but in the last block, where a password tells each harm.

    Before it texts come in twins of one harm, one with either password, so that a fold can't have learned
    anything of the passwords by chance.
    """
    rng = np.random.default_rng(0)
    as_of = np.arange(n) * 1_000
    harm = np.repeat((rng.random(n // 2) < 0.2).astype(float), 2)
    late = as_of >= np.quantile(as_of, folds.BLOCK_STARTS[-1], method="lower")
    words = np.repeat(rng.choice(["楼上漏水", "欠款不还", "夜间噪音", "双方争执"], n // 2), 2)
    second = np.where(late, harm > 0, np.arange(n) % 2 > 0)
    passwords = np.where(second, "暗号甲乙丙", "暗号丁戊己")
    return (
        corpus_of([f"{word}，{password}" for word, password in zip(words, passwords, strict=True)]),
        as_of,
        harm,
    )


def lessons(harm: np.ndarray) -> Lessons:
    within = np.tile(harm[:, None], (1, len(RISK_COLUMNS)))
    n = len(harm)
    return Lessons(within, harm, np.full(n, 0.2), np.zeros((n, 2)), np.ones(n))


@pytest.mark.parametrize("kind", ["ngrams", "transformer"])
def test_a_planted_leak_is_seen_where_there_is_one_and_not_out_of_fold(kind: str) -> None:
    corpus, as_of, harm = planted()
    small = SmallSettings(layers=1, width=32, heads=2, steps=10, least=1)
    quick = TuningSettings(steps=150, batch=16, rate=1e-3, head_rate=2e-2)
    encoder = NgramEncoder() if kind == "ngrams" else TransformerEncoder(small=small, tuning=quick)
    prepared = folds.prepared(encoder, corpus, as_of)
    found = folds.out_of_fold(prepared, corpus, as_of, lambda rows, moment: lessons(harm[rows]))
    last = as_of >= np.quantile(as_of, folds.BLOCK_STARTS[-1], method="lower")
    leaking = prepared.fit(corpus, lessons(harm)).encode(corpus)
    place = found.shape[1] - 2 if kind == "ngrams" else RISK_COLUMNS.index("escalation_90")
    assert roc_auc(harm[last], leaking[last, place]) > 0.95
    assert 0.2 < roc_auc(harm[last], found[last, 0]) < 0.8
    first = as_of < np.quantile(as_of, folds.BLOCK_STARTS[0], method="lower")
    assert np.isnan(found[first]).all() and np.isfinite(found[~first]).all()


class Witness(NgramEncoder):
    """N-grams that write down what they were shown."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.read: list[int] = []
        self.learned: list[tuple[int, float]] = []

    def prepare(self, corpus: Corpus, progress: object = None) -> Self:
        self.read.append(corpus.member.shape[0])
        return self

    def fit(self, corpus: Corpus, lessons: Lessons, progress: object = None) -> Self:
        self.learned.append((len(lessons.weight), lessons.harms))
        return NgramEncoder().fit(corpus, lessons)  # type: ignore[return-value]


def test_each_block_learns_from_earlier_rows_and_labels_as_they_stood() -> None:
    corpus, as_of, harm = planted()
    asked: list[tuple[int, int]] = []

    def lessons_at(rows: np.ndarray, moment: int) -> Lessons:
        asked.append((int(as_of[rows].max()), moment))
        return lessons(harm[rows])

    witness = Witness()
    # the order of the rows is nobody's business
    order = np.random.default_rng(1).permutation(len(as_of))
    corpus, as_of, harm = corpus.rows(order), as_of[order], harm[order]
    folds.out_of_fold(folds.prepared(witness, corpus, as_of), corpus, as_of, lessons_at)
    assert len(asked) == len(folds.BLOCK_STARTS) and all(latest < moment for latest, moment in asked)
    edges = [moment for _, moment in asked]
    assert witness.read == [(as_of < edges[0]).sum()]
    assert [n for n, _ in witness.learned] == [(as_of < edge).sum() for edge in edges]


def test_labels_that_had_not_matured_by_a_block_are_not_in_its_lessons(snapshot: Snapshot) -> None:
    disputes = snapshot.tables["disputes"].to_pandas()
    ids = disputes["dispute_id"].to_numpy(object)
    as_of = disputes["recorded_at"].to_numpy(np.int64)
    at = folds.lessons_of(snapshot, ids, as_of, np.zeros((len(ids), 2)), np.ones(len(ids)))
    rows = np.flatnonzero(as_of < EDGE)
    then, later = at(rows, EDGE), at(rows, parse_instant("2024-06-01"))
    young = as_of[rows] > EDGE - 90 * 86_400_000_000
    assert young.any() and np.isnan(then.within[young, RISK_COLUMNS.index("escalation_90")]).all()
    assert np.isfinite(later.within[young, RISK_COLUMNS.index("escalation_90")]).any()
    assert then.harms < later.harms


# In a model


@pytest.fixture(scope="module")
def quick() -> TransformerEncoder:
    return TransformerEncoder(
        small=SmallSettings(layers=1, width=32, heads=2, steps=15, batch=32),
        tuning=TuningSettings(steps=60, batch=16, rate=1e-3, head_rate=1e-2),
    )


@pytest.fixture(scope="module")
def with_encoder(snapshot: Snapshot, quick: TransformerEncoder) -> Trained:
    made = train(snapshot, CUT, seed=1, settings=SETTINGS, encoder=quick)
    assert made.scorer.estimator.encoder is not None
    return made


def test_the_model_reads_the_encoder_beside_the_ngrams(with_encoder: Trained, later: pd.DataFrame) -> None:
    scorer = with_encoder.scorer
    assert scorer.estimator.hazard.text_names == (
        *TEXT_COLUMNS,
        "encoder_escalation_90",
        "encoder_worst_clause",
    )
    shown = scorer.explain(later)
    assert list(shown.columns[-7:]) == list(scorer.estimator.hazard.text_names)
    assert scorer.estimator.text_columns(scorer.inputs(later)).shape == (len(later), 7)


def test_it_is_saved_with_the_model(with_encoder: Trained, later: pd.DataFrame, tmp_path: Path) -> None:
    scorer = with_encoder.scorer
    scorer.save(tmp_path)
    again = Scorer.load(tmp_path)
    np.testing.assert_array_equal(again.risks(later), scorer.risks(later))
    assert {p.suffix for p in tmp_path.rglob("*") if p.is_file()} == {".json", ".npz", ".txt", ".safetensors"}


def test_a_model_without_one_holds_none(learned: Trained, tmp_path: Path) -> None:
    assert learned.scorer.estimator.encoder is None
    learned.scorer.save(tmp_path)
    assert not (tmp_path / "encoder").exists()


def test_a_higher_encoder_score_never_lowers_the_hazard(with_encoder: Trained, later: pd.DataFrame) -> None:
    estimator = with_encoder.scorer.estimator
    inputs = with_encoder.scorer.inputs(later)
    text = estimator.text_columns(inputs)
    for place in range(text.shape[1]):
        higher = text.copy()
        higher[:, place] += 2.0
        before, after = (estimator.hazard.hazards(inputs.table, inputs.cues, t) for t in (text, higher))
        assert (after >= before - 1e-12).all()


def test_more_evidence_of_a_cue_never_lowers_the_risk(with_encoder: Trained, later: pd.DataFrame) -> None:
    more = later.assign(text=later["text"] + "，扬言要砍死对方")
    column = [name.startswith("escalation") for name in RISK_COLUMNS]
    before, after = (with_encoder.scorer.risks(frame)[:, column] for frame in (later, more))
    assert (after >= before - 1e-7).all()


def test_the_card_names_the_encoder(with_encoder: Trained, learned: Trained) -> None:
    card = render_card(with_encoder)
    for words in (
        "`transformer`",
        "small character-level BERT",
        "tuning steps 60",
        "tuning seconds",
        "parameters",
    ):
        assert words in card
    assert "`ngrams`, the default" in render_card(learned) and "Encoder:" not in render_card(learned)


def test_with_too_few_harms_it_is_left_out(
    small: District, quick: TransformerEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folds, "LEAST_HARMS", 10_000)
    snapshot = Snapshot.from_folder(small.write(tmp_path))
    made = train(snapshot, parse_instant("2024-01-01"), settings=SETTINGS, encoder=quick)
    assert made.scorer.estimator.encoder is None and made.report["encoder"] is None


def test_a_name_that_means_nothing_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--records", "x", "--encoder", "frozen:"]) == 2
    assert "names no encoder" in capsys.readouterr().err


class _AskedError(Exception):
    """Somebody has looked at the encoder."""


class _Unread:
    def __getattr__(self, name: str) -> object:
        raise _AskedError(name)


def test_an_evaluation_trains_with_the_encoder_that_it_is_given(small: District, tmp_path: Path) -> None:
    snapshot = Snapshot.from_folder(small.write(tmp_path))
    with pytest.raises(_AskedError):
        judge(snapshot, start=EDGE, settings=SETTINGS, encoder=cast(Encoder, _Unread()))


def test_a_version_is_judged_with_its_own_encoder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["evaluate", "--records", "x", "--out", str(tmp_path), "--model", "models:/anlan/1"]
    assert run([*words, "--encoder", "transformer"]) == 2
    assert "that it was trained with" in capsys.readouterr().err


def test_a_folder_is_fine_tuned_by_command_and_found_again_from_the_registry(
    district_folder: Path,
    later: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    base = make_tiny_bert(tmp_path / "tiny-bert")
    words = ["train", "--records", str(district_folder), "--until", "2024-01-01"]
    assert run([*words, "--encoder", str(base), "--int8"]) == 0
    # the package holds the body: what it was made of may go
    shutil.rmtree(base)
    scorer, uri = registry.load(capsys.readouterr().out.split()[-1])
    encoder = scorer.estimator.encoder
    assert isinstance(encoder, TransformerEncoder) and encoder.int8 and encoder.facts["base"] == str(base)
    risks = scorer.risks(later.iloc[:20])
    np.testing.assert_array_equal(registry.load(uri)[0].risks(later.iloc[:20]), risks)
    # int8 goes clause by clause: alone and in a batch the bits are the same
    np.testing.assert_array_equal(scorer.risks(later.iloc[[3]]), risks[[3]])
    params = mlflow.MlflowClient().get_run(registry.find(uri).run_id).data.params
    assert params["encoder.name"] == "transformer" and params["encoder.precision"] == "int8"


def test_inputs_of_one_case_and_of_many_score_alike(with_encoder: Trained, later: pd.DataFrame) -> None:
    scorer = with_encoder.scorer
    alone = np.concatenate([scorer.risks(Inputs.read(later.iloc[[i]])) for i in range(5)])
    np.testing.assert_allclose(alone, scorer.risks(later.iloc[:5]), atol=1e-5)


def test_frozen_needs_a_base() -> None:
    with pytest.raises(TypeError):
        FrozenEncoder()  # type: ignore[call-arg]
