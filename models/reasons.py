"""Why a case has its risk, in plain Chinese: floors, cues with their place in the narrative, facts.

A reason names only what is in the record: a cue that was read as asserted, a feature whose value is there
and says something. Facts come in the order of what they add to the risk; what lowers it is no reason for a
colour and is not shown. Sex and age are no features, so they can't appear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from docket.text import Prepared
from features.catalogue import BY_NAME
from features.cues import Finding
from features.documents import Document
from models.reading import asserted, cue_title, quoted

Kind = Literal["floor", "cue", "fact"]

MOST_FACTS: Final = 5
LEAST_CONTRIBUTION: Final = 0.02
"""In logits; less isn't worth a worker's time."""


@dataclass(frozen=True)
class Reason:
    """One reason.

    Attributes
    ----------
    kind
        `floor`: a stated danger that makes the case red by itself; `cue`; `fact`.
    text
        Chinese.
    cue
        The cue's name; None for a fact.
    start, end
        Code points into the narrative as submitted, end exclusive; None where it isn't from the narrative.
    """

    kind: Kind
    text: str
    cue: str | None = None
    start: int | None = None
    end: int | None = None

    def as_dict(self) -> dict[str, str | int | None]:
        """The API's object."""
        return {"kind": self.kind, "text": self.text, "cue": self.cue, "start": self.start, "end": self.end}


def cue_reasons(
    document: Document, narrative: Prepared, findings: Sequence[Finding], floors: Iterable[Finding]
) -> list[Reason]:
    """The asserted cues, floors first, a cue once: where it stands first, in the narrative if it does.

    Parameters
    ----------
    findings, floors
        What was read in `document.text`; offsets into it.
    narrative
        The narrative with the way back to the text as submitted.
    """
    # offsets into the document are offsets into the narrative only if the document begins with it
    own = document.parts[0].text if document.parts and document.parts[0].kind == "narrative" else ""
    reach = len(own) if own == narrative.text else 0
    by_floor = {(finding.cue, finding.start, finding.end) for finding in floors}
    reasons: dict[tuple[Kind, str], Reason] = {}
    for finding in sorted(asserted(findings), key=lambda f: (f.start, f.end)):
        floored = (finding.cue, finding.start, finding.end) in by_floor
        kind: Kind = "floor" if floored else "cue"
        if (kind, finding.cue) in reasons:
            continue
        words = quoted(document.text, finding)
        if finding.end <= reach:
            start, end = narrative.span(finding.start, finding.end)
            text = f"陈述中出现{cue_title(finding.cue)}：{words}"
            reasons[kind, finding.cue] = Reason(kind, text, finding.cue, start, end)
        else:
            text = f"后续记录中出现{cue_title(finding.cue)}：{words}"
            reasons[kind, finding.cue] = Reason(kind, text, finding.cue)
    floors_first = sorted(reasons.items(), key=lambda item: item[0][0] != "floor")
    shown = {cue for (kind, cue), _ in floors_first if kind == "floor"}
    return [reason for (kind, cue), reason in floors_first if kind == "floor" or cue not in shown]


def fact_reasons(
    values: Mapping[Any, float], contributions: Mapping[Any, float], most: int = MOST_FACTS
) -> list[Reason]:
    """The facts that raise the risk most, in words; of one count over several windows, one.

    Parameters
    ----------
    values
        The catalogue's columns of the case.
    contributions
        What each adds, in logits (`Scorer.explain`).
    """
    reasons: list[Reason] = []
    told: set[object] = set()
    raising = [name for name in BY_NAME if contributions.get(name, 0.0) >= LEAST_CONTRIBUTION]
    for name in sorted(raising, key=lambda name: (-contributions[name], name)):
        value = values[name]
        text = BY_NAME[name].describe(value) if np.isfinite(value) else None
        theme = BY_NAME[name].theme
        if text is not None and theme not in told:
            told.add(theme)
            reasons.append(Reason("fact", text))
        if len(reasons) == most:
            break
    return reasons
