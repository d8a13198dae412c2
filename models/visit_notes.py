"""What a worker is told before a door opens: what to look out for, and what not to say. Never a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from features.cues import BY_NAME, Finding
from models.reading import asserted

_BY_COLOUR: Final = {
    "red": ("两人以上同行，出发前告知网格长或派出所", "有现实危险立即撤离并拨打110"),
    "yellow": ("建议结伴走访，选择白天、公共场所见面",),
    "blue": (),
    "none": (),
}
_BY_FINDING: Final = {"worse": "上次走访情况变差，留意情绪变化", "tense": "上次走访气氛紧张，先倾听后沟通"}
_INTIMATE: Final = frozenset({"divorce", "domestic_violence", "family"})


def look_out_for(own: Sequence[Finding], colour: str, kind: str, last_finding: str | None) -> list[str]:
    """What to look out for.

    Parameters
    ----------
    own
        Findings in what this person reported themself; empty for everybody else, so that a visit to one
        party never shows what the other said.
    colour, kind, last_finding
        Of the matter, and of the last visit.
    """
    notes = [BY_NAME[finding.cue].advice for finding in asserted(own) if BY_NAME[finding.cue].advice]
    notes += _BY_COLOUR[colour]
    if last_finding in _BY_FINDING:
        notes.append(_BY_FINDING[last_finding])
    if kind in _INTIMATE:
        notes.append("留意家中老人、未成年人是否安全")
    return list(dict.fromkeys(notes)) or ["注意倾听，了解近况与诉求"]


def do_not_say(kind: str, role: str | None) -> list[str]:
    """What not to say: nothing of the score, nothing of what others reported, nobody's whereabouts."""
    notes = ["不提评分、颜色或“系统名单”", "不透露是谁反映、反映了什么"]
    if kind in _INTIMATE:
        notes.append("不透露对方现在的住处、行踪和联系方式")
        notes.append("不劝“忍一忍”、不当面对质")
    if role != "applicant":
        notes.append("不评判谁对谁错，不代对方传话")
    return notes
