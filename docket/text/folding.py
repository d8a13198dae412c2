"""One form for one character: full width, Traditional, zero-width, control, ruby, markup.

References
----------
Unicode Standard Annex 15 (NFKC); OpenCC's `t2s` dictionaries.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Final

from opencc import OpenCC

from docket.text.draft import Draft, Edit

# What needs no look: ASCII that prints, the unified ideographs, the punctuation that the clause step reads.
_UNUSUAL: Final = re.compile(r"[^\x20-\x7e\u4e00-\u9fff，。；：！？、（）“”‘’《》〈〉…—〔〕【】「」『』\n]")
_SINGLE: Final = {
    **dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n"),
    "\t": " ",
    "\u2044": "/",
    "\u2215": "/",
}
_JOINED_MARKS: Final = ((0x0300, 0x036F), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_SYMBOLS_FROM: Final = 0x2190
_EMPTY_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})

# 著 stands for 着 after a verb (拿著刀) and for itself in these; OpenCC leaves all of them as they are.
_ZHUO: Final = re.compile(r"(?<![名原巨显卓编论专译遗合拙昭土所])著(?![名作述者称录书])")

_TONED: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_SYLLABLE: Final = rf"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?[aeiouüv{_TONED}]{{1,4}}(?:ng|n|r)?[1-5]?"
_RUBY: Final = re.compile(
    rf"(?<=[\u4e00-\u9fff])\s*[(（\[【〔]\s*(?:{_SYLLABLE}(?:[\s'’]+{_SYLLABLE})*"
    rf"|(?=[a-zü]*[{_TONED}])(?:{_SYLLABLE})+|[\u3105-\u312f\u02c7\u02ca\u02cb\u02d9\s]+)\s*[)）\]】〕]"
)
_BARE_RUBY: Final = re.compile(
    rf"(?<=[\u4e00-\u9fff])[bpmfdtnlgkhjqxrzcsyw]{{0,2}}[aeiouü]{{0,2}}[{_TONED}][aeiouü]{{0,2}}(?:ng|n|r)?(?![a-z])"
)
_MARKUP: Final = re.compile(r"<rp>[^<]*</rp>|<rt>[^<]*</rt>|<br ?/?>|</?[A-Za-z][^<>]{0,80}>")


@lru_cache(maxsize=8192)
def _fold(character: str) -> str:
    """What one character becomes: itself, an equivalent, a space, a newline, a clause break, nothing."""
    if character in _SINGLE:
        return _SINGLE[character]
    category = unicodedata.category(character)
    code = ord(character)
    if category in _EMPTY_CATEGORIES or any(low <= code <= high for low, high in _JOINED_MARKS):
        return ""
    if category == "Zs":
        return " "
    folded = unicodedata.normalize("NFKC", character)
    if folded == character:
        # Pictures, boxes and arrows stand where a writer would otherwise have put a stop.
        return "，" if code >= _SYMBOLS_FROM and category in {"So", "Sk", "Sm"} else character
    # Each part once more: ㎮ is rad∕s, whose ∕ would only be folded the next time.
    return "".join(_fold(part) for part in folded if unicodedata.category(part) not in {"Mn", "Me"})


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


def fold_characters(draft: Draft) -> None:
    """Fold each character by itself: NFKC, line ends, invisible characters, pictures."""
    edits: list[Edit] = []
    for match in _UNUSUAL.finditer(draft.text):
        new = _fold(match[0])
        if new != match[0]:
            edits.append((match.start(), match.end(), new))
    draft.apply(edits)


def to_simplified(draft: Draft) -> None:
    """Traditional characters to simplified by OpenCC; an unequal length is aligned piece by piece."""
    text = draft.text
    simplified = _converter().convert(text)
    if simplified != text:
        if len(simplified) == len(text):
            draft.text = simplified
        else:
            draft.apply(aligned(text, simplified))
    if "著" in draft.text:
        draft.text = _ZHUO.sub("着", draft.text)


def aligned(old: str, new: str) -> list[Edit]:
    """The edits that turn `old` into `new`, character by character.

    What is inserted is put with the character before it (or, at the start, after it), since only a
    character that stands for something has an offset.
    """
    become = [""] * len(old)
    for tag, low, high, new_low, new_high in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        piece = new[new_low:new_high]
        if tag == "insert":
            beside = max(low - 1, 0)
            become[beside] += piece
        elif high - low == len(piece):
            for index, character in enumerate(piece, low):
                become[index] += character
        elif piece:
            become[low] += piece
    return [
        (index, index + 1, text)
        for index, (character, text) in enumerate(zip(old, become, strict=True))
        if text != character
    ]


def remove_ruby(draft: Draft) -> None:
    """Drop markup, and readings written after a character: 进(jìn), 进（jin4）, 进jìn, 進(ㄐㄧㄣˋ)."""
    text = draft.text
    if "<" in text:
        draft.substitute(_MARKUP, lambda match: "\n" if match[0].startswith("<br") else "")
    if "(" in text or "（" in text or "[" in text or "【" in text or "〔" in text:
        draft.substitute(_RUBY, "")
    if not draft.text.isascii() and _BARE_RUBY.search(draft.text):
        draft.substitute(_BARE_RUBY, "")
