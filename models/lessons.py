"""What a cue tagger learns from: clauses, what the rules read in them, and what staff said of them.

Of every clause in which a rule finds a cue, copies without part of the words found are learned from too, so
that one wording's neighbours count as well as itself (weak supervision with the matched words dropped; as
distant supervision masks the entity, Mintz et al. 2009).

References
----------
Mintz, M. et al. (2009), Distant supervision for relation extraction without labeled data, ACL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from features.cues.tagging import Mention, clauses, mentions

Array = NDArray[np.float64]

LEAST_WORDINGS: Final = 4
"""Distinct wordings of a cue that the rules must have found; with fewer there is nothing to generalise."""
FALSE_ALARMS: Final = 1 / 2_000
"""Share of the clauses without any cue that may be suggested: about one text in a hundred."""
LEAST_PROBABILITY: Final = 0.02
"""Nothing less likely is suggested."""
FOLDS: Final = 4
COPIES: Final = 2
DROPPED: Final = 0.5
"""Of the words found, the share of characters that a copy lacks."""
STAFF_WEIGHT: Final = 5.0
MOST_OTHERS: Final = 10_000
"""Clauses that don't speak of a cue which it is learned from at the most, drawn from all."""
LONGEST: Final = 4
WIDTH: Final = 2**17
_GONE: Final = "□"


@dataclass(frozen=True, slots=True)
class StaffLabel:
    """What a member of staff says of a clause.

    Attributes
    ----------
    clause
        Prepared text, as `features.cues.tagging.clauses` gives it.
    cue
        Its name.
    present
        Whether the clause speaks of it.
    """

    clause: str
    cue: str
    present: bool


def vectorised(texts: Sequence[str]) -> Any:
    """Character 1- to 4-grams of clauses, ends marked, each of unit length; CSR (n, grams)."""
    hashing = HashingVectorizer(
        analyzer="char", ngram_range=(1, LONGEST), n_features=WIDTH, alternate_sign=False, lowercase=False
    )
    return hashing.transform([f"^{text}$" for text in texts])


@dataclass(frozen=True)
class Taught:
    """Distinct clauses, and what each is known to speak of.

    Attributes
    ----------
    clauses
        n of them.
    found
        Of each, the cues that rules mention in it.
    staff
        Cue to clause to whether staff say that it is there.
    """

    clauses: tuple[str, ...]
    found: tuple[tuple[Mention, ...], ...]
    staff: dict[str, dict[str, bool]]

    @classmethod
    def of(cls, texts: Iterable[str], labels: Iterable[StaffLabel] = ()) -> Taught:
        """From prepared texts and staff's labels; of two about one clause and cue the later holds."""
        staff: dict[str, dict[str, bool]] = {}
        for label in labels:
            staff.setdefault(label.cue, {})[label.clause] = label.present
        distinct = dict.fromkeys(clause for text in texts for _, clause in clauses(text))
        distinct.update(dict.fromkeys(clause for of in staff.values() for clause in of))
        return cls(tuple(distinct), tuple(mentions(clause) for clause in distinct), staff)

    @cached_property
    def grams(self) -> Any:
        """As `vectorised`."""
        return vectorised(self.clauses)


@dataclass(frozen=True)
class Lesson:
    """What there is to learn one cue from.

    Attributes
    ----------
    clauses
        Those that speak of the cue, then some that don't.
    wording
        (clauses,) which wording each holds; -1 for those that don't speak of it.
    weight
        (clauses,) what each counts.
    grams
        CSR (clauses, grams).
    copies
        CSR (`COPIES` × those that speak of it, grams): the same without part of the rule's words.
    """

    clauses: tuple[str, ...]
    wording: NDArray[np.int64]
    weight: Array
    grams: Any
    copies: Any

    @classmethod
    def of(cls, taught: Taught, cue: str, rng: np.random.Generator) -> Lesson | None:
        """None where the wordings are too few."""
        staff = taught.staff.get(cue, {})
        speaks: list[int] = []
        others: list[int] = []
        spans: list[tuple[int, int]] = []
        weight = np.ones(len(taught.clauses))
        for row, (clause, found) in enumerate(zip(taught.clauses, taught.found, strict=True)):
            hit = next((mention for mention in found if mention.cue == cue), None)
            said = staff.get(clause)
            if said is not None:
                weight[row] = STAFF_WEIGHT
            if said is True or (said is None and hit is not None):
                speaks.append(row)
                spans.append((hit.start, hit.end) if hit is not None else (0, 0))
            elif said is False or not found:
                others.append(row)
        words = [
            taught.clauses[row][slice(*span)] or taught.clauses[row]
            for row, span in zip(speaks, spans, strict=True)
        ]
        number = {word: place for place, word in enumerate(dict.fromkeys(words))}
        if len(number) < LEAST_WORDINGS:
            return None
        if len(others) > MOST_OTHERS:
            drawn = set(rng.choice(len(others), MOST_OTHERS, replace=False).tolist())
            # what staff have denied is never left to chance
            others = [row for at, row in enumerate(others) if weight[row] > 1 or at in drawn]
        rows = np.array(speaks + others)
        copies = [
            _dropped(taught.clauses[row], span, rng)
            for _ in range(COPIES)
            for row, span in zip(speaks, spans, strict=True)
        ]
        return cls(
            tuple(taught.clauses[row] for row in rows),
            np.array([number[word] for word in words] + [-1] * len(others)),
            weight[rows],
            taught.grams[rows],
            vectorised(copies),
        )

    @property
    def everything(self) -> NDArray[np.bool_]:
        """(clauses,) all of them."""
        return np.ones(len(self.clauses), np.bool_)

    def fit(self, rows: NDArray[np.bool_]) -> LogisticRegression:
        """A classifier of some of the clauses, copies of those that speak of the cue added."""
        kept = np.flatnonzero(rows)
        speaks = kept[self.wording[kept] >= 0]  # they come first, as the copies do
        of = int((self.wording >= 0).sum())
        copied = np.concatenate([speaks + of * copy for copy in range(COPIES)])
        x = sparse.vstack([self.grams[kept], self.copies[copied]]).tocsr()
        y = np.concatenate([self.wording[kept] >= 0, np.ones(len(copied), np.bool_)]).astype(np.float64)
        weight = np.concatenate([self.weight[kept], np.tile(self.weight[speaks], COPIES) / COPIES])
        return LogisticRegression(C=20.0, solver="liblinear", max_iter=200).fit(x, y, sample_weight=weight)

    def left_out(self, rng: np.random.Generator, wording: NDArray[np.int64] | None = None) -> Array:
        """(clauses,) each one's probability by a classifier that has seen none of its wording.

        Parameters
        ----------
        wording
            What to leave out together, -1 for clauses that don't speak of the cue; the lesson's own if None.
        """
        groups = self.wording if wording is None else wording
        fold = np.empty(len(self.clauses), np.int64)
        held = rng.permutation(int(groups.max()) + 1) % FOLDS
        speaks = groups >= 0
        fold[speaks] = held[groups[speaks]]
        fold[~speaks] = rng.integers(0, FOLDS, int((~speaks).sum()))
        scores = np.zeros(len(self.clauses))
        for number in range(FOLDS):
            tested = fold == number
            if not (~tested & speaks).any():
                continue
            rows = np.flatnonzero(tested)
            if rows.size:
                scores[rows] = self.likely(self.fit(~tested), rows)
        return scores

    def likely(self, model: LogisticRegression, rows: NDArray[np.int64]) -> Array:
        """(rows,) the probability that a model gives to some of the clauses."""
        return np.asarray(model.predict_proba(self.grams[rows])[:, 1])

    def threshold(self, rng: np.random.Generator) -> float:
        """The probability that `FALSE_ALARMS` of the clauses without any cue reach when left out."""
        scores = self.left_out(rng)
        return float(max(np.quantile(scores[self.wording < 0], 1 - FALSE_ALARMS), LEAST_PROBABILITY))


def _dropped(clause: str, span: tuple[int, int], rng: np.random.Generator) -> str:
    """The clause, some characters of the span gone."""
    start, end = span
    kept = [
        _GONE if start <= place < end and rng.random() < DROPPED else character
        for place, character in enumerate(clause)
    ]
    return "".join(kept)
