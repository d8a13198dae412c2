"""Whether reasons hold: the score of a case without the fact that each of its reasons names.

For every reason of a sample of cases the fact is taken out of the records (`bench.removal`), the features
are computed anew from what is left, and the case is scored again. A reason holds if the score is lower: each
says that its fact raises the risk. Run as ``python -m bench.reasons --out bench/results/reasons.txt``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from scipy.stats import beta

from bench.machine import machine
from bench.removal import NarrowSource, Records, without_cue
from docket.demo import generate
from docket.snapshot import Snapshot
from docket.times import DAY, parse_instant
from features.cues import floor, tag
from features.documents import documents
from features.frame import feature_frame
from features.sources import DuckSource
from models.evaluation import known_until
from models.fit import train
from models.hazard_settings import HazardSettings
from models.reasons import cue_reasons, told_facts
from models.scorer import Scorer
from models.targets import reporting_delay
from models.trials import cases_between

END = date(2026, 6, 30)
CUT = "2025-07-01"


@dataclass(frozen=True)
class Trial:
    """One reason put to the proof: how much lower the logit of the score is without its fact."""

    kind: str
    name: str
    text: str
    dispute: str
    said: float
    lower: float


def trials(scorer: Scorer, snapshot: Snapshot, ids: list[str], moments: np.ndarray) -> Iterator[Trial]:
    """Every reason of some cases, put to the proof."""
    source, records = DuckSource(snapshot, 1), Records(snapshot)
    frame = feature_frame(source, ids, moments)
    for row, document in enumerate(documents(source, ids, moments)):
        dispute, as_of = ids[row], int(moments[row])
        case = scorer.case(frame.iloc[[row]])
        before = float(case.scores([])[0])
        narrative = snapshot.narrative(dispute, as_of)
        findings = tag(document.text)
        for reason in cue_reasons(document, narrative, findings, floor(findings)):
            text = without_cue(document, snapshot.originals(dispute, as_of), str(reason.cue))
            after = scorer.case(frame.iloc[[row]].assign(text=text))
            lower = before - float(after.scores([])[0])
            said = case.contributions[f"cue_{reason.cue}"]
            yield Trial("cue", str(reason.cue), reason.text, dispute, said, lower)
        for told in told_facts(case.values, case.contributions, case.scores):
            left = records.without(told.fact.name, dispute, as_of)
            if left is None:
                yield Trial("untested", told.fact.name, told.reason.text, dispute, told.lowers, float("nan"))
                continue
            other = NarrowSource(left, 1)
            after = scorer.case(feature_frame(other, [dispute], moments[[row]]))
            other.close()
            lower = before - float(after.scores([])[0])
            yield Trial("fact", told.fact.name, told.reason.text, dispute, told.lowers, lower)


def share(good: int, n: int) -> str:
    """A share with its 95 % interval (Clopper-Pearson)."""
    low = beta.ppf(0.025, good, n - good + 1) if good else 0.0
    high = beta.ppf(0.975, good + 1, n - good) if good < n else 1.0
    return f"{good:5d} of {n:5d}  {good / n:6.1%} [{low:.1%}, {high:.1%}]"


def main() -> None:
    """Simulate, train, and put reasons to the proof."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disputes", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder) / "records", disputes=args.disputes, seed=args.seed, end=END)
        snapshot = Snapshot.from_folder(Path(folder) / "records")
        scorer = train(snapshot, parse_instant(CUT), settings=HazardSettings(threads=1)).scorer
        report(scorer, snapshot, args.disputes, args.seed, args.cases, args.out)


def report(
    scorer: Scorer, snapshot: Snapshot, disputes: int, seed: int, size: int, out: Path | None
) -> list[Trial]:
    """Print what came of it, and write it where that is asked."""
    cut, end = parse_instant(CUT), known_until(snapshot)
    delay = reporting_delay(snapshot, end)
    points = cases_between(snapshot, cut, end - 90 * DAY - delay, end, delay, 0).points
    chosen = np.sort(np.random.default_rng(0).permutation(len(points))[:size])
    ids = points["dispute_id"].to_numpy(object)[chosen].tolist()
    began = time.perf_counter()
    found = list(trials(scorer, snapshot, ids, points["as_of"].to_numpy(np.int64)[chosen]))
    lines = [
        f"machine   {machine()}",
        f"district  demo, {disputes} disputes, seed {seed}, three years until {END}; trained until {CUT}",
        f"cases     {size} of the {len(points)} moments (intake, after records) of disputes taken in later",
        f"seconds   {time.perf_counter() - began:.0f}",
        "holds     the score is lower without the fact; 95 % interval (Clopper-Pearson)",
        "",
    ]
    proved = [trial for trial in found if trial.kind != "untested"]
    for title, rows in (
        ("all reasons", proved),
        ("cues", [trial for trial in proved if trial.kind == "cue"]),
        ("facts", [trial for trial in proved if trial.kind == "fact"]),
    ):
        lines.append(f"{title:<24} {share(sum(trial.lower > 0 for trial in rows), len(rows))}")
    untested = len(found) - len(proved)
    lines.append(f"{'not put to the proof':<24} {untested} of {len(found)} (what can't be taken away)\n")
    by_name: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in proved:
        by_name[trial.kind, trial.name].append(trial)
    for (kind, name), rows in sorted(by_name.items(), key=lambda item: (item[0][0], -len(item[1]))):
        held = sum(trial.lower > 0 for trial in rows)
        lines.append(
            f"  {kind:<5} {name:<24} {share(held, len(rows))}  mean change of the logit: said "
            f"{-np.mean([t.said for t in rows]):+.3f}, was {-np.mean([t.lower for t in rows]):+.3f}"
        )
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if out is not None:
        out.write_text(text, encoding="utf-8")
    return found


if __name__ == "__main__":
    main()
