"""What the cue tagger reads of hand-labelled sentences: real judgments, and wordings of every polarity.

Run by hand: ``python -m bench.cues > bench/results/cues.txt``. The real sentences are read from the folder of
trial data (``ANLAN_SHARED_DATA``), by document and sentence; without it that part is left out, saying so.
``--show`` prints what half A gets wrong, with its words: for a terminal, never for a file that is kept.

Half A's errors were looked at when rules were mended, half B's weren't (docs/cues.md says how far that goes).
The intervals take sentences as drawn one by one; those of one judgment are alike, so they are too narrow. The
strata are no sample of what a centre receives.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from bench.machine import machine
from bench.shares import per_cent
from docket.text import prepare
from features.cues import CUES, tag

ROOT: Final = Path(__file__).resolve().parents[1]
LABELS: Final = ROOT / "tests" / "features" / "labels"
POLARITIES: Final = (
    "asserted",
    "denied",
    "hearsay",
    "conditional",
    "joking",
    "past",
    "other_person",
    "quotation",
)
UNCLEAR: Final = "unclear"
NOT_READ: Final = "not read"
SHORT: Final = {"other_person": "other", "conditional": "condit.", "quotation": "quote"}


@dataclass(frozen=True)
class Labelled:
    """A sentence, what a reader found in it, and what the tagger does.

    Attributes
    ----------
    key
        Where it stands: an id, or document and sentence.
    half
        "A" was looked at when rules were mended, "B" wasn't.
    stratum
        The word list by which it was drawn; "written" of those written for this.
    text
        As written.
    labels, read
        Polarity by cue: the reader's, the tagger's (asserted if any mention is, or else its first mention's).
    """

    key: str
    half: str
    stratum: str
    text: str
    labels: dict[str, str]
    read: dict[str, str]


@dataclass(frozen=True)
class Score:
    """Counts of asserted cues: read rightly, without being there, missed, and where the label is unclear."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    unclear: int = 0


def read_text(text: str) -> dict[str, str]:
    """The polarity with which the tagger reads each cue of a text."""
    read: dict[str, str] = {}
    for finding in tag(prepare(text).text):
        if finding.polarity == "asserted" or finding.cue not in read:
            read[finding.cue] = finding.polarity
    return read


def written() -> list[Labelled]:
    """The wordings written without sight of the rules, each with one labelled cue."""
    rows = map(json.loads, (LABELS / "polarity.jsonl").read_text("utf-8").splitlines())
    return [
        Labelled(
            str(row["id"]),
            "B" if row["id"] % 2 else "A",
            "written",
            row["text"],
            {row["cue"]: row["polarity"]},
            read_text(row["text"]),
        )
        for row in rows
    ]


def half_of(document: str) -> str:
    """The half that a judgment falls into, whole."""
    return "B" if hashlib.sha256(document.encode()).digest()[0] % 2 else "A"


def shared_folder() -> Path:
    """Where the trial data would be."""
    return Path(os.environ.get("ANLAN_SHARED_DATA", ROOT.parent / "shared" / "data"))


def real(folder: Path) -> list[Labelled]:
    """The labelled sentences of judgments."""
    table = pq.read_table(folder / "cail2019_elements" / "sentences.parquet")
    at = [table[name].to_pylist() for name in ("domain", "doc_id", "sent_idx")]
    texts = dict(zip(zip(*at, strict=True), table["text"].to_pylist(), strict=True))
    rows = map(json.loads, (LABELS / "cail2019.jsonl").read_text("utf-8").splitlines())
    sentences = []
    for row in rows:
        text = texts[row["domain"], row["doc_id"], row["sent_idx"]]
        labels = {label["cue"]: label["polarity"] for label in row["cues"]}
        key = f"{row['doc_id']}/{row['sent_idx']}"
        sentences.append(Labelled(key, half_of(row["doc_id"]), row["stratum"], text, labels, read_text(text)))
    return sentences


def score(sentences: Iterable[Labelled], cue: str | None = None) -> Score:
    """How asserted cues are read, of one cue or of all."""
    count: Counter[str] = Counter()
    for sentence in sentences:
        for name in (sentence.labels.keys() | sentence.read.keys()) if cue is None else (cue,):
            label = sentence.labels.get(name)
            asserted = sentence.read.get(name) == "asserted"
            if label == UNCLEAR:
                count["unclear"] += asserted
            elif asserted:
                count["right" if label == "asserted" else "wrong"] += 1
            else:
                count["missed"] += label == "asserted"
    return Score(**count)


def confusion(sentences: Iterable[Labelled]) -> dict[str, Counter[str]]:
    """By labelled polarity, how often each polarity was read."""
    counts: dict[str, Counter[str]] = {polarity: Counter() for polarity in POLARITIES}
    for sentence in sentences:
        for cue, label in sentence.labels.items():
            if label != UNCLEAR:
                counts[label][sentence.read.get(cue, NOT_READ)] += 1
    return counts


def held_back(sentences: Iterable[Labelled]) -> tuple[int, int, int]:
    """Of cues that are named without being asserted: not read as asserted, read with their polarity, all."""
    counts = confusion(sentences)
    others = [(polarity, count) for polarity, count in counts.items() if polarity != "asserted"]
    n = sum(sum(count.values()) for _, count in others)
    return (
        n - sum(count["asserted"] for _, count in others),
        sum(count[polarity] for polarity, count in others),
        n,
    )


def false_alarms(sentences: Iterable[Labelled]) -> tuple[list[Labelled], int]:
    """Sentences drawn for having none of the words that are read as asserting a cue; and all of them."""
    drawn = [sentence for sentence in sentences if sentence.stratum == "none"]
    return [s for s in drawn if score([s]).wrong], len(drawn)


def _share(hits: int, n: int) -> str:
    return f"{hits:>4} of {n:>3}  {f'{100 * hits / n:5.1f}' if n else '    -'}  {per_cent(hits, n)}"


def _of(sentences: Sequence[Labelled]) -> tuple[tuple[str, list[Labelled]], ...]:
    return tuple((half, [s for s in sentences if half in ("all", s.half)]) for half in ("A", "B", "all"))


def report_confusion(sentences: Sequence[Labelled]) -> None:
    """Print how each polarity is read."""
    names = (*POLARITIES, NOT_READ)
    print(f"{'written as':<13}" + "".join(f"{SHORT.get(name, name):>9}" for name in names))
    for polarity, count in confusion(sentences).items():
        print(f"{polarity:<13}" + "".join(f"{count[name]:>9}" for name in names))


def report_written(sentences: Sequence[Labelled]) -> None:
    """Print what is read of the wordings of every polarity."""
    print(f"\nwordings written without sight of the rules, one labelled cue each, n = {len(sentences)}")
    for half, those in _of(sentences):
        kept, same, n = held_back(those)
        stated = confusion(those)["asserted"]
        print(f"half {half:<4} not asserted, nor read so    {_share(kept, n)}")
        print(f"{'':<9} not asserted, polarity named   {_share(same, n)}")
        print(f"{'':<9} asserted, and read so          {_share(stated['asserted'], sum(stated.values()))}")
    for half, those in _of(sentences):
        print(f"\nhow they are read, half {half}")
        report_confusion(those)


def report_real(sentences: Sequence[Labelled]) -> None:
    """Print what is read of real judgments."""
    strata = Counter(sentence.stratum for sentence in sentences)
    print(
        f"\nreal sentences of judgments, n = {len(sentences)}: "
        + ", ".join(f"{k} {n}" for k, n in strata.items())
    )
    for half, those in _of(sentences):
        total = score(those)
        print(
            f"half {half:<4} precision of asserted cues     {_share(total.right, total.right + total.wrong)}"
        )
        print(f"{'':<9} recall of asserted cues        {_share(total.right, total.right + total.missed)}")
        rest = [score(those, cue.name) for cue in CUES if cue.name != "separation"]
        right, wrong, missed = (sum(getattr(s, name) for s in rest) for name in ("right", "wrong", "missed"))
        print(f"{'':<9} precision without separation   {_share(right, right + wrong)}")
        print(f"{'':<9} recall without separation      {_share(right, right + missed)}")
        kept, same, n = held_back(those)
        print(f"{'':<9} not asserted, nor read so      {_share(kept, n)}")
        print(f"{'':<9} not asserted, polarity named   {_share(same, n)}")
        alarms, drawn = false_alarms(those)
        print(f"{'':<9} sentences without, read so     {_share(len(alarms), drawn)}")
        print(f"{'':<9} read where the label is unclear {total.unclear:>3}")
    for half, those in _of(sentences):
        print(f"\nhow they are read, half {half}")
        report_confusion(those)
    print("\nby cue, both halves (asserted only; unclear labels count neither way)")
    print(f"{'cue':<19}{'right':>6}{'wrong':>6}{'missed':>7}{'unclear':>8}   precision, 95 %   recall, 95 %")
    for cue in CUES:
        s = score(sentences, cue.name)
        if s != Score():
            print(
                f"{cue.name:<19}{s.right:>6}{s.wrong:>6}{s.missed:>7}{s.unclear:>8}   "
                f"{per_cent(s.right, s.right + s.wrong):<17} {per_cent(s.right, s.right + s.missed)}"
            )


def show(sentences: Iterable[Labelled]) -> None:
    """Print what half A gets wrong."""
    for sentence in sentences:
        if sentence.half != "A":
            continue
        judged = sentence.labels if sentence.stratum == "written" else sentence.labels | sentence.read
        wrong = [
            f"{cue} {sentence.labels.get(cue, '-')} -> {sentence.read.get(cue, '-')}"
            for cue in judged
            if sentence.labels.get(cue) != UNCLEAR and sentence.labels.get(cue) != sentence.read.get(cue)
        ]
        if wrong:
            print(f"{sentence.key:<17} {'; '.join(wrong)}   {sentence.text}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print the words of what half A gets wrong")
    args = parser.parse_args()
    print(f"machine   {machine()}")
    made = written()
    report_written(made)
    folder = shared_folder()
    judged = real(folder) if folder.is_dir() else []
    if judged:
        report_real(judged)
    else:
        print("\nreal sentences: left out, there is no folder of trial data (set ANLAN_SHARED_DATA)")
    if args.show:
        print()
        show([*made, *judged])


if __name__ == "__main__":
    main()
