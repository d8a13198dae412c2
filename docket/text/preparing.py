"""From a narrative as submitted to the text that models, tables and people's lists may hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from docket.text.clauses import mark_clauses
from docket.text.draft import Draft
from docket.text.folding import fold_characters, remove_ruby, to_simplified
from docket.text.masks import mask
from docket.text.petitions import join_split_words, remove_petitions

Step = Callable[[Draft], None]

STEPS: Final[tuple[Step, ...]] = (
    fold_characters,
    to_simplified,
    remove_ruby,
    mask,
    join_split_words,
    mark_clauses,
    remove_petitions,
)
"""What `prepare` does, in order. Numbers are masked while their own spaces and hyphens still stand."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared text and where each of its characters came from.

    Attributes
    ----------
    text : str
        Clauses joined by '，': simplified characters, identifiers as markers, no petition words.
    offsets : tuple of int
        For each character of `text`, the code point of the narrative at which what it stands for begins.
    ends : tuple of int
        The same for where it ends (exclusive); a marker's characters all carry the whole identifier.
    size : int
        Code points in the narrative as submitted.
    """

    text: str
    offsets: tuple[int, ...]
    ends: tuple[int, ...]
    size: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the narrative as submitted behind [start, end) of `text`.

        Raises
        ------
        ValueError
            If [start, end) isn't a span of `text`.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"[{start}, {end}) is not a span of a text of {len(self.text)} characters")
        if start == end:
            point = self.offsets[start] if start < len(self.text) else self.size
            return point, point
        return self.offsets[start], max(self.ends[start:end])

    def locate(self, start: int, end: int) -> tuple[int, int] | None:
        """The span of `text` that stands for [start, end) of the narrative; None where nothing does.

        Staff mark spans in the narrative as they see it; this finds them in what the model reads.
        """
        inside = [
            index
            for index, (low, high) in enumerate(zip(self.offsets, self.ends, strict=True))
            if low < end and high > start
        ]
        return (inside[0], inside[-1] + 1) if inside else None


def run(raw: str, steps: Sequence[Step]) -> Prepared:
    """Put a narrative through the given steps."""
    draft = Draft.of(raw)
    for step in steps:
        step(draft)
    return Prepared(draft.text, tuple(draft.starts), tuple(draft.ends), len(raw))


def prepare(raw: str) -> Prepared:
    """Normalise and mask a narrative and take out what must not be read.

    Parameters
    ----------
    raw : str
        The narrative as submitted; any string, lone surrogates included.

    Returns
    -------
    Prepared
        The text, possibly empty, and the way back to `raw`.
    """
    return run(raw, STEPS)
