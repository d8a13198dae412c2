"""A cue tagger that learns: from what the rules read, and from what staff labelled.

The rules (`features.cues`) know the wordings that somebody wrote down. This one learns, for each cue, which
characters and which company it keeps (`models.lessons`). A clause that staff have labelled counts for
several, whatever the rules say of it.

What it finds where no rule does is a *suggestion*: it is shown to staff as such, with its probability, and no
safety floor rests on it. The hazard reads what the unread clauses of a text are worth on the checklist as the
tagger expects it (ADR 0041).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.utils import murmurhash3_32

from features.cues import BY_NAME, CUES
from features.cues.polarity import Polarity, polarity_of
from features.cues.tagging import clauses, mentions
from models.corpus import Corpus
from models.lessons import LONGEST, WIDTH, Lesson, Taught, vectorised

Array = NDArray[np.float64]

COPIED: Final = 2.0
"""How often a clause that speaks of a cue counts: itself, and the copies of it together."""


_FEW: Final = 2_000
_REMEMBERED: Final = 20_000
"""Clauses, of which a few come often and some are asked for twice."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A cue that a clause may speak of, though no rule reads it there.

    Attributes
    ----------
    cue, polarity
        As of a `features.cues.Finding`.
    start, end
        The characters that speak for it most: code points of the text that was read, end exclusive.
    probability
        By clauses as they come.
    """

    cue: str
    polarity: Polarity
    start: int
    end: int
    probability: float


class Tagger:
    """One linear classifier a cue, over the character n-grams of a clause.

    Attributes
    ----------
    cues
        Those that it has learned, in the catalogue's order.
    coefficients, intercepts, thresholds
        Shapes (cues, grams), (cues,), (cues,): log odds, and the probability from which it suggests.
    """

    def __init__(self, cues: Sequence[str], coefficients: Any, intercepts: Array, thresholds: Array) -> None:
        self.cues = tuple(cues)
        self.coefficients = sparse.csr_matrix(coefficients)
        # as float64, or every product would first copy the whole of it
        self._by_gram = self.coefficients.T.tocsr().astype(np.float64)
        self._read: dict[str, Array] = {}
        self.intercepts = intercepts
        self.thresholds = thresholds
        self._points = np.array([BY_NAME[cue].points for cue in self.cues], dtype=np.float64)

    @classmethod
    def fit(cls, taught: Taught, *, seed: int) -> Tagger:
        """Learn every cue that has wordings enough; thresholds are set on wordings left out.

        Parameters
        ----------
        seed
            Of what is dropped and of how wordings are folded.
        """
        rng = np.random.default_rng(seed)
        names, rows, intercepts, thresholds = [], [], [], []
        for cue in CUES:
            lesson = Lesson.of(taught, cue.name, rng)
            if lesson is None:
                continue
            model = lesson.fit(lesson.everything)
            names.append(cue.name)
            rows.append(sparse.csr_matrix(model.coef_))
            intercepts.append(float(model.intercept_[0]))
            thresholds.append(lesson.threshold(rng))
        stacked = sparse.vstack(rows) if rows else sparse.csr_matrix((0, WIDTH))
        return cls(names, stacked, np.array(intercepts), np.array(thresholds))

    def probabilities(self, texts: Sequence[str]) -> Array:
        """(n, cues): how likely each clause speaks of each cue."""
        if not 0 < len(texts) <= _FEW:
            return self._computed(texts)
        # of one case the same clauses are asked for twice: as points, and as suggestions
        read = self._read
        new = [text for text in dict.fromkeys(texts) if text not in read]
        if new:
            if len(read) > _REMEMBERED:
                read = self._read = {text: read[text] for text in texts if text in read}
            read.update(zip(new, self._computed(new), strict=True))
        return np.stack([read[text] for text in texts])

    def _computed(self, texts: Sequence[str]) -> Array:
        return np.asarray(expit((vectorised(texts) @ self._by_gram).toarray() + self.intercepts))

    def expected_points(self, corpus: Corpus) -> Array:
        """Checklist points that the plain clauses in which no rule reads a cue are expected to be worth.

        Returns
        -------
        ndarray
            Shape (texts,): the sum over a text's clauses and all cues of points times probability, halved:
            with the copies it learns from, a cue seems twice as likely as it is.
        """
        unread = [
            place
            for place, clause in enumerate(corpus.clauses)
            if not (clause.cue or clause.mention or clause.polarity)
        ]
        worth = np.zeros(len(corpus.clauses))
        if unread and self.cues:
            if len(corpus.clauses) <= _FEW:  # of a few cases every clause is asked for: as suggestions
                self.probabilities([clause.text for clause in corpus.clauses])
            likely = self.probabilities([corpus.clauses[place].text for place in unread])
            # a plain sum: the same clause alone and among others gives the same bits
            worth[unread] = (likely * self._points).sum(axis=1) / COPIED
        return corpus.over_clauses(worth)[:, 0]

    def suggest(self, text: str) -> list[Suggestion]:
        """Cues of a prepared text that no rule reads in their clause, in the order in which they stand."""
        read = list(clauses(text))
        if not read or not self.cues:
            return []
        likely = self.probabilities([clause for _, clause in read])
        found = []
        for row, column in zip(*np.nonzero(likely >= self.thresholds), strict=True):
            begin, clause = read[row]
            cue = self.cues[column]
            if any(mention.cue == cue for mention in mentions(clause)):
                continue
            start, end = self._span(clause, column)
            polarity = polarity_of(clause, start, end)
            found.append(Suggestion(cue, polarity, begin + start, begin + end, float(likely[row, column])))
        return found

    def _span(self, clause: str, column: int) -> tuple[int, int]:
        """The run of characters whose grams add the most to the log odds."""
        weights = self.coefficients[column].toarray()[0]
        marked = f"^{clause}$"
        share = np.zeros(len(marked))
        for size in range(1, LONGEST + 1):
            for first in range(len(marked) - size + 1):
                place = abs(murmurhash3_32(marked[first : first + size], seed=0)) % WIDTH
                share[first : first + size] += weights[place] / size
        best, span, total, begin = -np.inf, (0, len(clause)), 0.0, 0
        for place, of in enumerate(share[1:-1].tolist()):
            if total <= 0:
                total, begin = 0.0, place
            total += of
            if total > best:
                best, span = total, (begin, place + 1)
        return span

    def save(self, folder: Path) -> None:
        """Write `tagger.json` and `tagger.npz`."""
        told = {
            "cues": self.cues,
            "thresholds": self.thresholds.tolist(),
            "intercepts": self.intercepts.tolist(),
        }
        (folder / "tagger.json").write_text(json.dumps(told), encoding="utf-8")
        sparse.save_npz(folder / "tagger.npz", self.coefficients.astype(np.float32))

    @classmethod
    def load(cls, folder: Path) -> Tagger:
        """Read what `save` wrote."""
        told = json.loads((folder / "tagger.json").read_text(encoding="utf-8"))
        coefficients = sparse.load_npz(folder / "tagger.npz")
        return cls(told["cues"], coefficients, np.array(told["intercepts"]), np.array(told["thresholds"]))
