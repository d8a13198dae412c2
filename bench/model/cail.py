"""Our text side on real Chinese: which elements the sentences of judgments hold, beside TF-IDF.

By document: a fifth to test, a fifth of the rest to choose with, for both alike (strength of the penalty,
thresholds of F1, and how far ours follows its transformer). Ours reads with both members of the text side,
character n-grams and the small transformer, their logits blended. Evaluation only; the file is never copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bench.kept import Result
from models.bootstrap import draws, interval
from models.corpus import Clause, Corpus
from models.encoders.base import Lessons
from models.encoders.small import SmallSettings
from models.encoders.transformer import TransformerEncoder
from models.encoders.tuning import TuningSettings
from models.metrics import average_precision, average_precisions

from .report import told

Array = NDArray[np.float64]

FILE: Final = "cail2019_elements/sentences.parquet"
DOMAINS: Final = ("divorce", "labor", "loan")
STRENGTHS: Final = (1.0, 10.0, 100.0)
FOLLOWED: Final = (0.0, 0.25, 0.5, 0.75)
"""How far the blend may follow the transformer."""
DRAWS: Final = 300


def measured(file: Path, domain: str) -> Result:
    """Mean average precision and macro-F1 of both in a domain."""
    rows = pd.read_parquet(file)
    rows = rows[rows["domain"] == domain].reset_index(drop=True)
    names = sorted({name for labels in rows["labels"] for name in labels})
    y = np.array([[name in set(labels) for name in names] for labels in rows["labels"]], dtype=float)
    documents = np.random.default_rng(0).permutation(rows["doc_id"].unique())
    held = len(documents) // 5
    test = rows["doc_id"].isin(documents[:held]).to_numpy()
    tune = rows["doc_id"].isin(documents[held : held + (len(documents) - held) // 5]).to_numpy()
    fit = ~test & ~tune
    # a label that isn't there to learn, to choose with and to test can't be judged
    kept = np.flatnonzero((y[fit].sum(0) > 0) & (y[tune].sum(0) > 0) & (y[test].sum(0) > 0))
    y = y[:, kept]
    tried = [_linear(rows["text"], y, fit, strength) for strength in STRENGTHS]
    linear = max(tried, key=lambda score: _mean(y[tune], score[tune]))
    deep = _transformer(rows["text"].tolist(), y, fit)
    scale = linear[tune].std() / deep[tune].std()
    blends = [(1 - share) * linear + share * scale * deep for share in FOLLOWED]
    best = int(np.argmax([_mean(y[tune], blend[tune]) for blend in blends]))
    clusters = pd.factorize(rows["doc_id"][test])[0].astype(np.int64)
    weights = np.vstack([np.ones(int(test.sum())), draws(clusters, DRAWS, seed=0)])
    maps = [_means(y[test], score[test], weights) for score in (blends[best], linear)]
    return {
        "fit": int(fit.sum()),
        "tune": int(tune.sum()),
        "test": int(test.sum()),
        "labels": len(kept),
        "followed": FOLLOWED[best],
        "map": [told(interval(float(one[0]), one[1:])) for one in (*maps, maps[0] - maps[1])],
        "f1": [_f1(y, score, tune, test) for score in (blends[best], linear, deep)],
        "map_deep": _mean(y[test], deep[test]),
    }


def lines(found: dict[str, Result]) -> Iterator[str]:
    """The report of `measured` by domain."""
    yield "cail2019_elements, elements of real judgments; bootstrap over documents, paired; mAP, macro-F1"
    for domain, one in found.items():
        ours, tfidf, less = one["map"]
        yield f"  {domain}, {one['labels']} labels; {one['followed']} of ours is the transformer; sentences"
        yield f"    {one['fit']:,d} to fit, {one['tune']:,d} to choose with, {one['test']:,d} to test"
        yield f"    mAP ours {ours}   TF-IDF LR {tfidf}   ours less it {less}"
        yield f"        transformer {one['map_deep']:.3f}"
        yield "    F1  ours {:.3f}   TF-IDF LR {:.3f}   transformer {:.3f}".format(*one["f1"])


def _linear(texts: Any, y: Array, fit: NDArray[np.bool_], strength: float) -> Array:
    vectoriser = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=3, sublinear_tf=True)
    x, whole = vectoriser.fit_transform(texts[fit]), vectoriser.transform(texts)
    models = [LogisticRegression(C=strength, max_iter=300).fit(x, column) for column in y[fit].T]
    return np.column_stack([model.decision_function(whole) for model in models])


def _transformer(texts: list[str], y: Array, fit: NDArray[np.bool_]) -> Array:
    # a sentence is one clause here, and its labels are learned where a district's cues are
    corpus = Corpus.read(texts, lambda text: [Clause(text)])
    n = int(fit.sum())
    lessons = Lessons(np.full((n, 12), np.nan), np.zeros(n), np.zeros(n), y[fit], np.ones(n))
    encoder = TransformerEncoder(
        small=SmallSettings(steps=300, batch=48),
        tuning=TuningSettings(steps=800, batch=32, rate=5e-4, cues=3.0),
    )
    learned = corpus.rows(np.flatnonzero(fit))
    return np.asarray(encoder.prepare(learned).fit(learned, lessons).cue_scores(corpus), dtype=np.float64)


def _mean(y: Array, score: Array) -> float:
    return float(np.mean([average_precision(y[:, j], score[:, j]) for j in range(y.shape[1])]))


def _means(y: Array, score: Array, weights: Array) -> Array:
    # a label that a draw lacks is left out of that draw, for both alike
    each = [average_precisions(y[:, j], score[:, j], weights) for j in range(y.shape[1])]
    return np.asarray(np.nanmean(np.array(each), axis=0))


def _f1(y: Array, score: Array, tune: NDArray[np.bool_], test: NDArray[np.bool_]) -> float:
    found = []
    for j in range(y.shape[1]):
        cuts = np.quantile(score[tune, j], np.linspace(0.5, 1, 60))
        best = cuts[int(np.argmax([_f1_at(y[tune, j], score[tune, j] >= cut) for cut in cuts]))]
        found.append(_f1_at(y[test, j], score[test, j] >= best))
    return float(np.mean(found))


def _f1_at(y: Array, said: NDArray[np.bool_]) -> float:
    right = float((y * said).sum())
    return 2 * right / max(float(y.sum() + said.sum()), 1.0)
