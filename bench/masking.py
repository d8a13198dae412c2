"""What masking catches, what it misses and what it masks without need; the same of petition wordings.

Run by hand: ``python -m bench.masking > bench/results/masking.txt``. With ``--real FOLDER`` the narratives
there (Parquet with a column ``text``) are prepared too, and counted; none of their words is printed.

The intervals are of the numbers drawn and the sentences written here. They say nothing of ways of writing
that nobody thought of: the list of shapes isn't a sample of what people write.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

import pyarrow.parquet as pq

from bench.machine import machine
from bench.masking_carriers import CARRIERS, HARMLESS
from bench.masking_numbers import NUMBERS, Form
from bench.masking_petitions import NOT_PETITIONS, NOT_PETITIONS_2, PETITIONS, PETITIONS_2, Wording
from bench.masking_places import PLACES
from bench.shares import per_cent
from docket.demo import district
from docket.text import STEPS, Prepared, prepare, run
from docket.text.masks import ACCOUNT, ADDRESS, CARD, IDENTITY, MARKERS, PHONE, PLATE

# Shapes that a rule was mended for after the first run: no longer held out, and left out of the totals.
MENDED: Final = frozenset(
    {
        ("mobile", "dots 3.4.4"),
        ("mobile", "numerals 一三八"),
        ("mobile", "numerals 幺三八"),
        ("mobile", "numerals, 〇"),
        ("mobile", "numerals, spaced"),
        ("landline", "（0931）7"),
        ("account", "e-mail"),
        ("address", "小区3号楼2-1101"),
        ("address", "小区3#楼1101"),
        ("address", "小区A座1101"),
        ("address", "小区, spaced"),
        ("address", "502室 alone"),
    }
)

_MARKER: Final = re.compile("|".join(map(re.escape, MARKERS)))
# What of a wording stands in the clause that the dispute is in.
_LAST_CLAUSE: Final = re.compile(r"(?:^|[，。！])[^，。！]*$")
_EXPECTED: Final = {
    "identity number": IDENTITY,
    "mobile": PHONE,
    "landline": PHONE,
    "plate": PLATE,
    "bank card": CARD,
    "account": ACCOUNT,
    "address": ADDRESS,
}
# Signs between the parts of a number tell nothing once the parts are gone; nor does the country's code.
_SIGNS: Final = re.compile(r"[\s\-－.·•()（）+＋/@_]|(?<=\+)86|^0086|^86(?=-)")
_LEFT_DIGITS: Final = re.compile(r"\d{7,}")
_LEFT_DOOR: Final = re.compile(r"\d(?:室|单元|栋|幢|号楼)")


@dataclass
class Tally:
    """How often one shape was caught."""

    n: int = 0
    whole: int = 0
    partly: int = 0
    missed: int = 0
    other_marker: int = 0
    swallowed: int = 0
    left: Counter[str] = field(default_factory=Counter)


def masked_places(prepared: Prepared) -> tuple[set[int], set[int], list[str]]:
    """Code points of the narrative that still show, those that a marker hides, and the markers."""
    marked: set[int] = set()
    hidden: set[int] = set()
    markers: list[str] = []
    for match in _MARKER.finditer(prepared.text):
        marked.update(range(*match.span()))
        hidden.update(range(*prepared.span(*match.span())))
        markers.append(match[0])
    spans = enumerate(zip(prepared.offsets, prepared.ends, strict=True))
    shown = {point for i, (low, high) in spans if i not in marked for point in range(low, high)}
    return shown, hidden, markers


def try_form(form: Form, rng: Random, times: int) -> Tally:
    """Put identifiers of one shape into sentences, and see what is left of them."""
    tally = Tally()
    carriers = CARRIERS[form.kind]
    for turn in range(times):
        before, after = carriers[turn % len(carriers)].split("{}")
        value = form.make(rng)
        prepared = prepare(before + value + after)
        shown, hidden, markers = masked_places(prepared)
        signs = {at for match in _SIGNS.finditer(value) for at in range(*match.span())}
        secret = [i for i in range(len(value)) if i not in signs]
        left = [i for i in secret if i + len(before) in shown]
        tally.n += 1
        tally.whole += not left
        tally.missed += len(left) == len(secret)
        tally.partly += 0 < len(left) < len(secret)
        if 0 < len(left) < len(secret):
            tally.left[re.sub(r"\d", "0", "".join(value[i] for i in left))] += 1
        tally.other_marker += bool(markers) and _EXPECTED.get(form.kind) not in markers
        around = set(range(len(before))) | set(range(len(before) + len(value), len(before + value + after)))
        tally.swallowed += any((before + value + after)[i].isalnum() for i in hidden & around)
    return tally


def report_forms(rng: Random, times: int) -> None:
    """Print the table of shapes and the totals by kind."""
    print(f"{'kind':<17}{'shape':<30}{'n':>4}{'whole':>7}{'partly':>7}{'missed':>7}   whole, 95 % of shape")
    by_kind: dict[str, list[Tally]] = {}
    for form in (*NUMBERS, *PLACES):
        tally = try_form(form, rng, times)
        mended = (form.kind, form.shape) in MENDED
        if not mended:
            by_kind.setdefault(form.kind, []).append(tally)
        name = _padded(("* " if mended else "") + form.shape, 30)
        common = "; left: " + ", ".join(left for left, _ in tally.left.most_common(2)) if tally.left else ""
        print(
            f"{form.kind:<17}{name}{tally.n:>4}{tally.whole:>7}{tally.partly:>7}{tally.missed:>7}"
            f"   {per_cent(tally.whole, tally.n)}{common}"
        )
    print("* a rule was mended for it after the first run: not held out, not in the totals")
    print("\nby kind, held-out shapes only (shapes count alike; a shape is caught if 95 % of it is)")
    print(
        f"{'kind':<17}{'shapes':>7}{'caught':>7}{'n':>6}{'whole':>7}{'partly':>7}{'missed':>7}"
        f"   whole, 95 %     {'other marker':>13}{'words lost':>11}"
    )
    for kind, tallies in by_kind.items():
        n, whole = sum(t.n for t in tallies), sum(t.whole for t in tallies)
        print(
            f"{kind:<17}{len(tallies):>7}{sum(t.whole >= 0.95 * t.n for t in tallies):>7}{n:>6}{whole:>7}"
            f"{sum(t.partly for t in tallies):>7}{sum(t.missed for t in tallies):>7}   {per_cent(whole, n)}"
            f"   {sum(t.other_marker for t in tallies):>13}{sum(t.swallowed for t in tallies):>11}"
        )


def report_harmless() -> None:
    """Print how many harmless sentences were masked, and which words of them."""
    print(f"\nfalse alarms: sentences without an identifier\n{'numbers of':<17}{'n':>4}{'masked':>8}   95 %")
    total = hits = 0
    for kind, sentences in HARMLESS.items():
        wrong: list[str] = []
        for sentence in sentences:
            prepared = prepare(sentence)
            _, hidden, _ = masked_places(prepared)
            if hidden:
                wrong.append("".join(sentence[i] for i in sorted(hidden)))
        total, hits = total + len(sentences), hits + len(wrong)
        shown = f"   {', '.join(wrong)}" if wrong else ""
        print(f"{kind:<17}{len(sentences):>4}{len(wrong):>8}   {per_cent(len(wrong), len(sentences))}{shown}")
    print(f"{'all':<17}{total:>4}{hits:>8}   {per_cent(hits, total)}")


def report_petitions(title: str, wordings: Sequence[Wording], harmless: Sequence[str], show: bool) -> None:
    """Print what was left of wordings of petitioning, and what was taken that should have stayed."""
    print(f"\npetition wordings, {title}: whole = no telling word is left, missed = all of them are")
    print(f"{'family':<24}{'n':>4}{'whole':>7}{'partly':>7}{'missed':>7}   not whole, 95 %   dispute lost")
    families: dict[str, Counter[str]] = {}
    seen: list[str] = []
    for wording in wordings:
        text = prepare(wording.text).text
        left = sum(tell in text for tell in wording.tells)
        count = families.setdefault(wording.family, Counter())
        count["n"] += 1
        count["whole" if not left else "missed" if left == len(wording.tells) else "partly"] += 1
        cut = prepare(wording.keep).text not in text
        count["lost"] += cut
        if show and (left or cut):
            seen.append(f"  {wording.text} -> {text}{'   (dispute lost)' if cut else ''}")
    families["all"] = Counter()
    for count in list(families.values())[:-1]:
        families["all"].update(count)
    for name, count in families.items():
        fails = count["n"] - count["whole"]
        print(
            f"{name:<24}{count['n']:>4}{count['whole']:>7}{count['partly']:>7}{count['missed']:>7}"
            f"   {per_cent(fails, count['n'])}   {count['lost']:>13}"
        )
    lost = [s for s in harmless if prepare(s).text != run(s, STEPS[:-1]).text]
    print(
        f"disputes without a petition that lost words: {len(lost)} of {len(harmless)} "
        f"({per_cent(len(lost), len(harmless)).strip()} %)"
    )
    for sentence in lost:
        print(f"  {sentence} -> {prepare(sentence).text}")
    if seen:
        print("not whole, or with words of the dispute lost:", *seen, sep="\n")


def report_insertions(seed: int, narratives: int) -> None:
    """Print how often a removed petition put between clauses of a narrative changes what is prepared."""
    draw = Random(seed)
    texts = district(end=date(2026, 1, 31), disputes=400, seed=seed)["disputes"]["text"]
    bases = [clean for raw in texts if "，" in (clean := prepare(raw).text)][:narratives]
    parts = [
        _LAST_CLAUSE.sub("", w.text[: w.text.index(w.keep)])
        for w in PETITIONS_2
        if not any(tell in prepare(w.text).text for tell in w.tells)
    ]
    left = {part: prepare(part).text for part in parts if part}
    changed, other = 0, 0
    for part, rest in left.items():
        for base in bases:
            clauses = base.split("，")
            place = draw.randrange(len(clauses) + 1)
            with_it = prepare("，".join([*clauses[:place], part, *clauses[place:]])).text
            changed += not rest and with_it != base
            other += with_it != "，".join([*clauses[:place], *([rest] if rest else []), *clauses[place:]])
    empty = sum(not rest for rest in left.values())
    rests = "、".join(rest for rest in left.values() if rest)
    n = len(bases)
    print(
        f"\nthe second list, wordings that go whole: clauses before the dispute "
        f"put into {n} demo narratives\n"
        f"  leave nothing when alone     {empty:>6} of {len(left)}\n"
        f"  insertions of these          {empty * n:>6}, prepared text changed {changed}\n"
        f"  leave words when alone       {len(left) - empty:>6}: {rests}\n"
        f"  insertions of all            {len(left) * n:>6}, changed by more than those words {other}"
    )


def report_real(folder: Path) -> None:
    """Print counts over real texts: markers by kind, long numbers that are left, petition words removed."""
    texts = [t for p in sorted(folder.glob("*.parquet")) for t in pq.read_table(p)["text"].to_pylist()]
    markers: Counter[str] = Counter()
    long_left = money = lost = doors = 0
    for raw in texts:
        before = run(raw, STEPS[:-1]).text
        text = prepare(raw).text
        markers.update(_MARKER.findall(text))
        runs = list(_LEFT_DIGITS.finditer(text))
        long_left += bool(runs)
        money += bool(runs) and all(text[m.end() : m.end() + 1] in set("元万亿.") for m in runs)
        lost += text != before
        doors += bool(_LEFT_DOOR.search(text))
    n = len(texts)
    print(f"\nreal texts: {n} sentences of public judgments, prepared; counts only")
    print(f"  with a run of 7 digits or more left  {long_left:>6}  {per_cent(long_left, n)} %")
    print(f"    of them only amounts (元, 万, .00)  {money:>6}")
    print(f"  with a numbered door or building left {doors:>5}  {per_cent(doors, n)} %")
    print(f"  with words removed as petitioning    {lost:>6}  {per_cent(lost, n)} %")
    for marker in MARKERS:
        print(f"  {marker}  {markers[marker]:>6}  ({1000 * markers[marker] / n:.2f} in 1,000 sentences)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--times", type=int, default=64, help="identifiers of each shape")
    parser.add_argument("--real", type=Path, help="a folder of Parquet files with a column text")
    args = parser.parse_args()
    began = time.perf_counter()
    shapes = len(NUMBERS) + len(PLACES)
    print(f"machine   {machine()}")
    print(f"drawn     seed {args.seed}, {shapes} shapes, {args.times} of each, n = {shapes * args.times}\n")
    report_forms(Random(args.seed), args.times)
    report_harmless()
    report_petitions("first list, tuned on", PETITIONS, NOT_PETITIONS, show=True)
    report_petitions("second list, held out", PETITIONS_2, NOT_PETITIONS_2, show=True)
    report_insertions(args.seed, 200)
    if args.real is not None:
        report_real(args.real)
    print(f"\nseconds   {time.perf_counter() - began:.1f}")


def _padded(text: str, width: int) -> str:
    """Pad for a terminal, where a Chinese character is two wide."""
    return text + " " * (width - sum(1 + (ord(c) > 0x2E7F) for c in text))


if __name__ == "__main__":
    main()
