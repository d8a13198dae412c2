"""What the learned tagger finds of wordings that it has never seen, and what a few staff labels change.

Run by hand: ``python -m bench.tagger > bench/results/tagger.txt``; some minutes. The clauses are those of
narratives of a simulated district, and what they speak of is what the rules read in them: this says how far
the tagger goes from some of the rules' wordings to others, not how good the rules are (`bench/cues.py` does).

A *wording* is what a rule matched, letter for letter; a *family* is a pattern of a rule with all it matches.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from bench.machine import machine
from docket.demo import district
from docket.text import prepare
from features.cues import BY_NAME, CUES
from models.lessons import FALSE_ALARMS, LEAST_PROBABILITY, STAFF_WEIGHT, Array, Lesson, Taught

DRAWS = 500
LABELS = (0, 1, 3, 10)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    records = district(end=date(2026, 6, 30), disputes=args.disputes, seed=args.seed)
    taught = Taught.of([prepare(text).text for text in records["disputes"]["text"].dropna()])
    print(f"machine   {machine()}")
    print(f"district  demo, {args.disputes} narratives, seed {args.seed}; {len(taught.clauses)} clauses")
    print(
        f"alarms    thresholds let {FALSE_ALARMS:.2%} of the clauses without any cue through, when left out"
    )
    print(f"interval  95 %, bootstrap over wordings, {DRAWS} draws\n")
    rng = np.random.default_rng(args.seed)
    lessons = {cue.name: Lesson.of(taught, cue.name, rng) for cue in CUES}
    learned = {name: lesson for name, lesson in lessons.items() if lesson is not None}
    print(f"{len(learned)} of {len(CUES)} cues have wordings enough; the others are left to the rules\n")
    print("Found of wordings that were left out (each wording counts once):")
    by_wording = [_recalled(lesson, lesson.wording, rng) for lesson in learned.values()]
    print(_line("a quarter of the wordings left out", by_wording, rng))
    families = {name: _families(name, lesson) for name, lesson in learned.items()}
    several = {name: of for name, of in families.items() if of.max() > 0}
    by_family = [_recalled(learned[name], of, rng) for name, of in several.items()]
    print(_line("whole families left out", by_family, rng))
    print("\nThe same families, some clauses of each wording labelled by staff (not those it is tried on):")
    for number in LABELS:
        found = [_with_labels(learned[name], of, number, rng) for name, of in several.items()]
        print(_line(f"{number} labels a wording", found, rng))


def _families(name: str, lesson: Lesson) -> NDArray[np.int64]:
    """(clauses,) which pattern of the cue each holds, -1 for none."""
    patterns = [re.compile(pattern) for pattern in BY_NAME[name].patterns]
    family = np.full(len(lesson.clauses), -1)
    for row in np.flatnonzero(lesson.wording >= 0):
        family[row] = next(
            place for place, pattern in enumerate(patterns) if pattern.search(lesson.clauses[row])
        )
    present = np.unique(family[family >= 0])
    family[family >= 0] = np.searchsorted(present, family[family >= 0])
    return family


def _threshold(scores: Array) -> float:
    return float(max(np.quantile(scores, 1 - FALSE_ALARMS), LEAST_PROBABILITY))


def _recalled(lesson: Lesson, groups: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """(wordings,) the share of each wording's clauses that is found when its group is left out."""
    scores = lesson.left_out(rng, groups)
    hit = scores >= _threshold(scores[lesson.wording < 0])
    return np.array([hit[lesson.wording == w].mean() for w in range(int(lesson.wording.max()) + 1)])


def _with_labels(lesson: Lesson, families: NDArray[np.int64], number: int, rng: np.random.Generator) -> Array:
    """As `_recalled`, each family known by `number` labelled clauses of each of its wordings alone."""
    recalled = []
    quiet = np.flatnonzero(lesson.wording < 0)
    tried = np.zeros(len(lesson.clauses), np.bool_)
    tried[rng.permutation(quiet)[: len(quiet) // 4]] = True
    for family in range(int(families.max()) + 1):
        known = ~tried & (families != family)
        weight = lesson.weight.copy()
        asked: dict[int, NDArray[np.int64]] = {}
        for wording in np.unique(lesson.wording[families == family]):
            rows = rng.permutation(np.flatnonzero((lesson.wording == wording) & (families == family)))
            known[rows[:number]] = True
            weight[rows[:number]] = STAFF_WEIGHT
            # What every number of labels is tried on alike: the clauses that even the most leave over.
            if len(rows) > max(LABELS):
                asked[int(wording)] = rows[max(LABELS) :]
        if not asked or not (lesson.wording[known] >= 0).any():
            continue
        model = replace(lesson, weight=weight).fit(known)
        least = _threshold(lesson.likely(model, np.flatnonzero(tried)))
        recalled += [float((lesson.likely(model, rows) >= least).mean()) for rows in asked.values()]
    return np.array(recalled)


def _line(title: str, by_cue: list[Array], rng: np.random.Generator) -> str:
    found = np.concatenate(by_cue)
    means = [rng.choice(found, len(found)).mean() for _ in range(DRAWS)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"  {title:38} {found.mean():.2f} [{low:.2f}, {high:.2f}]   {len(found)} wordings"


if __name__ == "__main__":
    main()
