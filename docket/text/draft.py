"""A text under edit that remembers, for each character, where in the submitted narrative it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from re import Match, Pattern

Edit = tuple[int, int, str]
"""Replace the characters [start, end) of the draft by the string."""


@dataclass(slots=True)
class Draft:
    """A text and, for each of its characters, the half-open range of the original that it stands for.

    A character that replaces several (a mask, say) carries the range of all of them, so that a span
    which touches a marker maps back to the whole of what the marker hides.
    """

    text: str
    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, raw: str) -> Draft:
        """The draft of an untouched text."""
        size = len(raw)
        return cls(raw, list(range(size)), list(range(1, size + 1)))

    def apply(self, edits: Sequence[Edit]) -> None:
        """Make the edits, which are in order and don't overlap."""
        if not edits:
            return
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        position = 0
        for start, end, new in edits:
            pieces += (self.text[position:start], new)
            starts += self.starts[position:start]
            ends += self.ends[position:start]
            if new:
                starts += [self.starts[start]] * len(new)
                ends += [self.ends[end - 1]] * len(new)
            position = end
        pieces.append(self.text[position:])
        starts += self.starts[position:]
        ends += self.ends[position:]
        self.text, self.starts, self.ends = "".join(pieces), starts, ends

    def substitute(
        self, pattern: Pattern[str], new: str | Callable[[Match[str]], str | None], group: int | str = 0
    ) -> None:
        """`re.sub` of one group of a pattern that keeps the offsets; None leaves a match alone."""
        edits: list[Edit] = []
        for match in pattern.finditer(self.text):
            text = new if isinstance(new, str) else new(match)
            start, end = match.span(group)
            if text is not None and end > start:
                edits.append((start, end, text))
        self.apply(edits)

    def strip(self, characters: str) -> None:
        """Drop `characters` from both ends."""
        text = self.text
        first, last = 0, len(text)
        while first < last and text[first] in characters:
            first += 1
        while last > first and text[last - 1] in characters:
            last -= 1
        if last - first < len(text):
            self.text = text[first:last]
            self.starts = self.starts[first:last]
            self.ends = self.ends[first:last]
