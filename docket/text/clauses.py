"""White space and punctuation: what is left between clauses is one '，', whatever was written there."""

from __future__ import annotations

import re
from re import Match
from typing import Final

from docket.text.draft import Draft

BREAK: Final = "，"

# A run of anything that isn't a letter, a digit, or a sign that belongs to a word or a number.
_RUN: Final = re.compile(
    r"[\s，,。.；;：:！!？?…—\-~～|·•*_^=#>＞<()（）\[\]【】{}〈〉“”‘’\"'`「」『』《》]+"
)
_BREAKING: Final = frozenset("\n，,。.；;！!？?…—~～|*_^=#><()（）[]【】{}〈〉")
_BETWEEN_DIGITS: Final = frozenset(".:-~/")
_SAYING: Final = frozenset("说称言道讲喊骂问答写复嚷叫诉示")
_THOUSANDS: Final = re.compile(r"\d{3}(?!\d)")
_REPEATED: Final = re.compile(r"[，、]*，[，、]*")


def _between(match: Match[str]) -> str | None:
    run, text = match[0], match.string
    before = text[match.start() - 1] if match.start() else ""
    after = text[match.end()] if match.end() < len(text) else ""
    if len(run) == 1 and before.isascii() and after.isascii() and before.isalnum() and after.isalnum():
        if run == "," and before.isdigit() and _THOUSANDS.match(text, match.end()):
            return ""
        if run == " ":
            return None if not (before.isdigit() and after.isdigit()) else BREAK
        if run in "_@" or (run in _BETWEEN_DIGITS and (run == "-" or (before + after).isdigit())):
            return None
    if not _BREAKING.isdisjoint(run):
        return BREAK
    if "：" in run or ":" in run:
        # 扬言：“杀你全家” is one statement; 情况如下：… is a heading and what follows it.
        return "" if before in _SAYING else BREAK
    if run.count("-") > 1 or run.count(" ") > 1:
        return BREAK
    return ""


def mark_clauses(draft: Draft) -> None:
    """Each run of punctuation or line ends becomes one '，'; stray white space and quotes go.

    Signs inside a number (1.5, 10:30, 3-5) stay and thousands separators go. The enumeration comma '、'
    stays: what it joins is under one negation (没有殴打、辱骂).
    """
    draft.substitute(_RUN, _between)
    close_gaps(draft)


def close_gaps(draft: Draft) -> None:
    """Collapse neighbouring breaks and drop them at both ends."""
    text = draft.text
    if "，，" in text or "、，" in text or "，、" in text:
        draft.substitute(_REPEATED, BREAK)
    draft.strip("，、 ")
