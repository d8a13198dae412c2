"""The text encoders beside each other, on the text alone and within the model; what int8 costs; single texts.

Run by hand, the output kept as ``bench/results/encoders.txt``. Districts are simulated and cut by time:
fitted on what was known at the cut, judged on the disputes taken in from then on whose labels have matured.
The real sentences of CAIL2019 (evaluation only, never copied) are read where ``--cail`` names their file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score

from bench.machine import machine
from docket.snapshot import Snapshot
from docket.text import prepare
from docket.times import DAY, parse_instant
from features.frame import feature_frame
from features.sources import DuckSource
from models.bootstrap import draws
from models.calibration import HazardMap
from models.corpus import Clause, Corpus
from models.encoders import folds, heads
from models.encoders.base import Encoder, Lessons, read_by_hazard
from models.encoders.bodies import Body, needed
from models.encoders.frozen import FrozenEncoder
from models.encoders.ngrams import NgramEncoder
from models.encoders.small import SmallSettings, tokenizer_of
from models.encoders.transformer import TransformerEncoder
from models.encoders.tuning import TuningSettings
from models.estimator import fit_estimator
from models.evaluation import known_until
from models.hazard_settings import HazardSettings
from models.inputs import Inputs
from models.material import Material, gather
from models.metrics import average_precision, roc_auc
from models.reading import CUE_POINTS, clauses_of, cue_rows
from models.targets import RISK_COLUMNS, labels, reporting_delay
from models.trials import Cases, cases_between
from models.truth import ceiling_figures, looked_up, read_truth

END = "2026-06-30"
CUT = "2025-07-01"
MAIN = RISK_COLUMNS.index("escalation_90")


@dataclass(frozen=True)
class District:
    """What is learned from, and what is judged on."""

    material: Material
    cases: Cases
    test: Inputs
    texts: list[str]
    truth: Any

    @classmethod
    def make(cls, folder: Path, disputes: int, seed: int) -> District:
        """Simulate, cut, and read."""
        _simulated(folder, disputes, seed)
        snapshot, cut = Snapshot.from_folder(folder), parse_instant(CUT)
        material, end = gather(snapshot, cut), known_until(snapshot)
        delay = reporting_delay(snapshot, end)
        cases = cases_between(snapshot, cut, end - 90 * DAY - delay, end, delay, 0)
        ids, as_of = cases.points["dispute_id"].to_numpy(object), cases.points["as_of"].to_numpy(np.int64)
        frame = feature_frame(DuckSource(snapshot), ids.tolist(), as_of)
        truth = looked_up(read_truth(folder), ids, as_of)[:, :, MAIN]
        return cls(material, cases, Inputs.read(frame), frame["text"].tolist(), truth)

    def judged(self, name: str, score: Any, note: str = "") -> None:
        """A line of figures at intake, for escalation within 90 days."""
        (true, seen), at = self.truth, self.cases.at_intake & np.isfinite(self.truth[0])
        y = self.cases.labels.within("escalation", 90)[at]
        counts = draws(self.cases.clusters[at], 200, seed=0)
        share = ceiling_figures(true[at], seen[at], score[at], counts)["ceiling_share"]
        own = f"{average_precision(y, score[at]):.3f}  {roc_auc(y, score[at]):.3f}"
        print(
            f"  {name:<34} {own}  {share.value:6.3f} [{share.low:6.3f}, {share.high:6.3f}]  {note}",
            flush=True,
        )

    def lessons(self) -> Lessons:
        """Of all query points, as known at the cut."""
        return Lessons.of(self.material.labels, self.material.inputs.cues, self.material.weight)


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=6000)
    parser.add_argument("--seeds", type=int, nargs="*", default=[101, 102])
    parser.add_argument("--within", action="store_true", help="the whole model with and without it instead")
    parser.add_argument("--cail", type=Path, help="sentences.parquet")
    parser.add_argument("--large", action="store_true", help="time a body of BERT-base's size as well")
    parser.add_argument("--timed", type=int, default=0, help="time one fit on so many disputes' narratives")
    parser.add_argument("--domain", default="labor")
    args = parser.parse_args()
    torch = needed("torch")
    torch.set_num_threads(1)
    print(f"machine   {machine()}, torch {torch.__version__}, one thread; other work was running")
    if args.large:
        _large()
    if args.timed:
        with tempfile.TemporaryDirectory() as folder:
            _timed(Path(folder) / "records", args.timed)
    for seed in args.seeds:
        with tempfile.TemporaryDirectory() as folder:
            _district(Path(folder), args.disputes, seed, args.within)
    if args.cail is not None and args.cail.is_file():
        _cail(args.cail, args.domain)
        return
    if args.cail is not None:
        print(f"CAIL2019  skipped: {args.cail} is not there")


def _district(folder: Path, disputes: int, seed: int, within: bool) -> None:
    d = District.make(folder / "records", disputes, seed)
    m, known = d.material, d.lessons()
    corpus, read = m.inputs.corpus, d.test.corpus
    y = d.cases.labels.within("escalation", 90)[d.cases.at_intake]
    print(
        f"\ndistrict  demo, {disputes} disputes, seed {seed}, until {END}; cut {CUT};\n  {len(m.points)} "
        f"query points, {len(corpus.clauses)} clauses, {int(known.harms)} harmed; tested at intake: "
        f"{len(y)}, {int(np.nansum(y))} harmed"
    )
    if within:
        _within(d)
        return
    print(f"  {'text alone':<34} AP     AUC    share of the ceiling")
    d.judged("checklist (no learning)", d.test.cues @ CUE_POINTS)
    ngrams, took = _fitted(NgramEncoder(), corpus, known)
    d.judged("ngrams", ngrams.encode(read)[:, 0], took)
    untrained = TransformerEncoder(small=SmallSettings(steps=0)).prepare(corpus)
    began = time.process_time()
    prepared = TransformerEncoder().prepare(corpus)
    pre = time.process_time() - began
    for name, encoder in (("untrained", untrained), ("pre-trained", prepared)):
        encoder._body.save(folder / name)
        frozen, took = _fitted(FrozenEncoder(base=str(folder / name)), corpus, known)
        d.judged(f"frozen, {name} small body", frozen.encode(read)[:, 0], took)
    full, took = _fitted(prepared, corpus, known)
    d.judged("transformer, fp32", full.encode(read)[:, MAIN], f"{took} and {pre:.0f} s of pre-training")
    small = full.in_precision(True)
    d.judged("transformer, int8", small.encode(read)[:, MAIN])
    print(f"  {full.facts}")
    _losses(d, full.encode(read)[:, MAIN], small.encode(read)[:, MAIN])
    for name, encoder in (("ngrams", ngrams), ("fp32", full), ("int8", small)):
        _latency(name, encoder, d.texts)


def _timed(folder: Path, disputes: int) -> None:
    """One encoder on the narratives at intake of a district, seed 101; the steps don't grow with it."""
    _simulated(folder, disputes, 101)
    snapshot = Snapshot.from_folder(folder)
    rows = snapshot.tables["disputes"].to_pandas().drop_duplicates("dispute_id")
    texts = [prepare(text or "").text for text in rows["text"]]
    corpus = Corpus.read(texts, clauses_of)
    as_of = rows["recorded_at"].to_numpy(np.int64)
    known = labels(snapshot, rows["dispute_id"].tolist(), as_of, known_until(snapshot))
    lessons, marks = Lessons.of(known, cue_rows(texts), np.ones(len(texts))), [time.process_time()]
    encoder: Any = TransformerEncoder()
    for step in (lambda e: e.prepare(corpus), lambda e: e.fit(corpus, lessons), lambda e: e.encode(corpus)):
        encoder = step(encoder)
        marks.append(time.process_time())
    pre, tuning, encoding = np.diff(marks)
    print(
        f"{disputes} disputes at intake, {len(corpus.clauses)} clauses: {pre:.0f} s of processor to "
        f"pre-train, {tuning:.0f} s to fine-tune, {encoding:.0f} s to encode"
    )


def _simulated(folder: Path, disputes: int, seed: int) -> None:
    anlan = Path(sys.executable).with_name("anlan")
    words = ("--disputes", str(disputes), "--seed", str(seed), "--end", END)
    subprocess.run([anlan, "demo-district", str(folder), *words], check=True, stdout=sys.stderr)


def _large() -> None:
    """What int8 gains where matrices are large: ten clauses of twelve characters, random weights."""
    transformers, torch = needed("transformers"), needed("torch")
    clauses = [Clause("".join(chr(0x4E00 + 40 * i + j) for j in range(12))) for i in range(10)]
    tokenizer = tokenizer_of([clause.text for clause in clauses], 1)
    torch.manual_seed(0)
    body = Body(transformers.BertModel(transformers.BertConfig()).eval(), tokenizer, "random")
    corpus, head = Corpus([*clauses], sparse.csr_array(np.ones((1, 10)))), torch.randn(12, body.width)
    small = heads.quantised(body)
    for name, used, batch in (("fp32", body, 256), ("fp32 clause by clause", body, 1), ("int8", small, 1)):
        times = []
        for _ in range(12):
            began = time.process_time()
            heads.contributions(used, head, corpus, batch)
            times.append(time.process_time() - began)
        middle = 1e3 * np.median(times)
        print(f"body of BERT-base's size, ten clauses, {name:<22} p50 {middle:4.0f} ms of processor")


def _fitted(encoder: Encoder, corpus: Corpus, known: Lessons) -> tuple[Any, str]:
    began = time.process_time()
    made = encoder.fit(corpus, known)
    return made, f"{time.process_time() - began:.0f} s of processor to fit"


def _losses(d: District, full: Any, small: Any) -> None:
    at = d.cases.at_intake & np.isfinite(d.truth[0])
    y, p = d.cases.labels.within("escalation", 90)[at], d.truth[0][at]
    soft = average_precision(p, small[at]) - average_precision(p, full[at])
    own = average_precision(y, small[at]) - average_precision(y, full[at])
    print(
        f"  int8 less fp32: AP {own:+.4f}, soft AP "
        f"{soft:+.4f}, AUC {roc_auc(y, small[at]) - roc_auc(y, full[at]):+.4f}; rank correlation "
        f"{pd.Series(small).corr(pd.Series(full), method='spearman'):.4f}, largest difference of a score "
        f"{np.abs(small - full).max():.3f} (spread {full.std():.3f})"
    )


def _latency(name: str, encoder: Encoder, texts: list[str]) -> None:
    wall, processor = [], []
    encoder.encode(Corpus.read(texts[:1], clauses_of))
    for text in texts[:: max(len(texts) // 200, 1)][:200]:
        corpus = Corpus.read([text], clauses_of)
        began, busy = time.perf_counter(), time.process_time()
        encoder.encode(corpus)
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - busy)
    print(
        f"  one text on one thread, {name:<7} p50 {1e3 * np.median(wall):6.2f} ms, processor "
        f"{1e3 * np.median(processor):6.2f} ms, p95 {1e3 * np.quantile(wall, 0.95):6.2f} ms"
    )


def _within(d: District) -> None:
    m = d.material
    print(f"  {'the whole model, uncalibrated':<34} AP     AUC    share of the ceiling")
    for name, encoder in (("ngrams (default)", None), ("and the transformer beside", TransformerEncoder())):
        began = time.process_time()
        made = fit_estimator(
            m.known, m.inputs, m.ids.tolist(), m.as_of, m.weight, m.cut,
            settings=HazardSettings(threads=1), seed=0, encoder=encoder,
        ).estimator  # fmt: skip
        took = f"{time.process_time() - began:.0f} s of processor"
        d.judged(name, made.risks(d.test, HazardMap())[:, MAIN], took)
        if made.encoder is not None:
            kept = len(read_by_hazard(made.encoder)[1])
            line = made.hazard.coefficients[-kept - 2 :]
            print(f"  line's coefficients of {made.hazard.text_names}: {np.round(line, 3).tolist()}")
            print(f"  blocks of the out-of-fold scores begin at {folds.BLOCK_STARTS} of the query points")


def _cail(path: Path, domain: str) -> None:
    rows = pd.read_parquet(path)
    rows = rows[rows["domain"] == domain].reset_index(drop=True)
    names = sorted({name for labels in rows["labels"] for name in labels})
    y = np.array([[name in set(labels) for name in names] for labels in rows["labels"]], dtype=float)
    documents = rows["doc_id"].unique()
    held = set(np.random.default_rng(0).permutation(documents)[: len(documents) // 5])
    test = rows["doc_id"].isin(held).to_numpy()
    tune = ~test & rows["doc_id"].map(lambda d: hash_of(d) % 5 == 0).to_numpy()
    fit = ~test & ~tune
    print(
        f"\nCAIL2019  {domain}: {len(rows)} sentences, {len(names)} labels; by doc_id, {fit.sum()} to fit, "
        f"{tune.sum()} for the thresholds of F1, {test.sum()} to test"
    )
    began = time.process_time()
    vectoriser = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=3, sublinear_tf=True)
    x, z, v = (vectoriser.fit_transform if i == 0 else vectoriser.transform for i in range(3))
    x, z, v = x(rows["text"][fit]), z(rows["text"][test]), v(rows["text"][tune])
    scores = [np.zeros((part.shape[0], len(names))) for part in (z, v)]
    for place in range(len(names)):
        if y[fit, place].sum() > 0:
            lr = LogisticRegression(C=10.0, max_iter=300, class_weight="balanced").fit(x, y[fit, place])
            for held_scores, part in zip(scores, (z, v), strict=True):
                held_scores[:, place] = lr.decision_function(part)
    _told("ngrams, TF-IDF and logistic regression", y, test, tune, *scores, time.process_time() - began)
    began = time.process_time()
    # a sentence is one clause here, and its labels are learned where a district's cues are
    corpus = Corpus.read(rows["text"].tolist(), lambda text: [Clause(text)])
    n = int(fit.sum())
    lessons = Lessons(np.full((n, 12), np.nan), np.zeros(n), np.zeros(n), y[fit], np.ones(n))
    encoder = TransformerEncoder(
        small=SmallSettings(steps=150, batch=48),
        tuning=TuningSettings(steps=400, batch=32, rate=5e-4, cues=3.0),
    )
    made = encoder.fit(corpus.rows(np.flatnonzero(fit)), lessons)
    scores = [made.cue_scores(corpus.rows(np.flatnonzero(part))) for part in (test, tune)]
    _told("transformer, small, fp32", y, test, tune, *scores, time.process_time() - began)
    small = made.in_precision(True)
    scores = [small.cue_scores(corpus.rows(np.flatnonzero(part))) for part in (test, tune)]
    _told("transformer, small, int8", y, test, tune, *scores, time.process_time() - began)


def hash_of(name: str) -> int:
    """The same number in every process."""
    return sum((place + 1) * ord(character) for place, character in enumerate(name))


def _told(name: str, y: Any, test: Any, tune: Any, scores: Any, tuning: Any, took: float) -> None:
    kept = y[test].sum(0) > 0
    map_ = np.mean([average_precision_score(y[test, j], scores[:, j]) for j in np.flatnonzero(kept)])
    cuts = np.zeros(y.shape[1])
    for j in range(y.shape[1]):
        tries = np.quantile(tuning[:, j], np.linspace(0.5, 1, 60))
        cuts[j] = tries[
            int(np.argmax([f1_score(y[tune, j], tuning[:, j] >= t, zero_division=0) for t in tries]))
        ]
    macro = np.mean(f1_score(y[test], scores >= cuts, average=None, zero_division=0)[kept])
    print(f"  {name:<40} macro-F1 {macro:.3f}  mAP {map_:.3f}  {took:.0f} s of processor", flush=True)


if __name__ == "__main__":
    main()
