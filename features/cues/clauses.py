"""Clauses with how they are meant, for models that read n-grams."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from features.cues.tagging import clauses, tag

Sense = Literal["plain", "denied", "unreal"]

_NEGATED: Final = re.compile(
    r"^(?:[^，\n]{0,3}?)(?:没有|未曾|未发现|未见|未发生|未造成|未再|并未|从未|并无|从无|否认|不存在|不曾|排除|毫无|未|无(?=人|明显|任何|伤|矛盾|此))"
)
_UNREAL: Final = frozenset({"quotation", "joking", "hearsay", "conditional", "other_person"})


@dataclass(frozen=True, slots=True)
class PolarClause:
    """A clause, how it is meant, whether it asserts a cue, and whether it mentions some and asserts none."""

    text: str
    sense: Sense
    cue: bool
    mention: bool


def polar_clauses(text: str) -> list[PolarClause]:
    """The clauses of a prepared text.

    A clause is `denied` or `unreal` by the cues that it mentions; one that mentions none is `denied` if it
    begins with a negator, so that wordings which no cue knows are told apart as well.
    """
    findings = tag(text)
    read = []
    place = 0
    for begin, clause in clauses(text):
        end = begin + len(clause)
        meant: set[str] = set()
        while place < len(findings) and findings[place].start < end:
            meant.add(findings[place].polarity)
            place += 1
        asserts = bool(meant & {"asserted", "past"})
        read.append(PolarClause(clause, _sense(clause, meant), asserts, bool(meant) and not asserts))
    return read


def _sense(clause: str, meant: set[str]) -> Sense:
    if meant & {"asserted", "past"}:
        return "plain"
    if "denied" in meant:
        return "denied"
    if meant & _UNREAL:
        return "unreal"
    return "denied" if _begins_negated(clause) else "plain"


@lru_cache(maxsize=65_536)
def _begins_negated(clause: str) -> bool:
    return _NEGATED.match(clause) is not None
