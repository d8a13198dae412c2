"""Reading a text for cues, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from features.cues.catalogue import CUES
from features.cues.polarity import Polarity, opens_fiction, polarity_of, takes_back
from features.cues.surroundings import meant_around

_CLAUSE: Final = re.compile(r"[^，\n]+")
_CACHED: Final = 65_536  # distinct clauses; a district's clauses repeat a great deal


@dataclass(frozen=True, slots=True)
class Finding:
    """A cue in a text.

    Attributes
    ----------
    cue
        Its name.
    polarity
        How it was meant; only `asserted` counts as present.
    start, end
        Code points of the text that was read, end exclusive.
    """

    cue: str
    polarity: Polarity
    start: int
    end: int


def clauses(text: str) -> Iterator[tuple[int, str]]:
    """The clauses of a prepared text, each with where it begins."""
    for found in _CLAUSE.finditer(text):
        yield found.start(), found[0]


@dataclass(frozen=True, slots=True)
class Mention:
    """A cue's words in a clause read by itself.

    Attributes
    ----------
    cue
        Its name.
    start, end
        Code points of the clause, end exclusive.
    """

    cue: str
    start: int
    end: int


def mentions(clause: str) -> tuple[Mention, ...]:
    """The cues that a clause mentions, whether it asserts them or not, each once."""
    return tuple(Mention(cue, start, end) for cue, _, start, end in _tag_clause(clause))


def tag(text: str) -> list[Finding]:
    """All cues in a prepared text, in the order in which they stand.

    Parameters
    ----------
    text
        A narrative or a document (`features.documents.Document.text`): clauses between '，', parts between
        line ends. Nothing is read across a line end.
    """
    findings: list[Finding] = []
    for line in re.finditer(r"[^\n]+", text):
        findings.extend(_tag_line(line[0], line.start()))
    return findings


def _tag_line(line: str, offset: int) -> list[Finding]:
    read = [(begin, clause, _tag_clause(clause)) for begin, clause in clauses(line)]
    spoken = [clause for _, clause, _ in read]
    found: list[Finding] = []
    for place, (begin, _, hits) in enumerate(read):
        if not hits:
            continue
        following = read[place + 1][1] if place + 1 < len(read) else ""
        back = takes_back(following) if following else None
        fiction = place > 0 and opens_fiction(read[place - 1][1])
        for cue, polarity, start, end in hits:
            if polarity == "asserted" and fiction:
                polarity = "quotation"  # noqa: PLW2901 - the neighbours' word on what was read
            elif polarity == "asserted" and back is not None:
                polarity = back  # noqa: PLW2901
            elif polarity == "asserted":
                polarity = meant_around(cue, (start, end), spoken, place) or polarity  # noqa: PLW2901
            found.append(Finding(cue, polarity, offset + begin + start, offset + begin + end))
    return sorted(found, key=lambda finding: (finding.start, finding.end, finding.cue))


@lru_cache(maxsize=_CACHED)
def _tag_clause(clause: str) -> tuple[tuple[str, Polarity, int, int], ...]:
    """Cues of one clause by itself; the first asserted mention of each, or else its first mention."""
    hits: list[tuple[str, Polarity, int, int]] = []
    for cue in CUES:
        first: tuple[str, Polarity, int, int] | None = None
        for found in cue.pattern.finditer(clause):
            hit = (cue.name, polarity_of(clause, *found.span()), *found.span())
            if hit[1] == "asserted":
                first = hit
                break
            first = first or hit
        if first is not None:
            hits.append(first)
    return tuple(hits)
