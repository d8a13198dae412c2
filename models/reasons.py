"""Why a case has its risk, in plain Chinese: floors, cues with their place in the narrative, facts.

A reason names only what is in the record: a cue that was read as asserted, a feature whose value is there
and says something. What several columns say of the same rows is one fact (`models.facts`), told by the column
that says most. Facts come in the order of what they add to the risk, and only those without which the case's
score would be lower: what a model credits to a column it may take back in another (docs/adr/0025). Sex and
age are no features, so they can't appear.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from docket.text import Prepared
from features.catalogue import BY_NAME
from features.cues import Finding
from features.documents import Document
from models.facts import Fact
from models.histories import facts_of
from models.reading import asserted, cue_title, quoted
from models.tagger import Suggestion

Array = NDArray[np.float64]
Kind = Literal["floor", "cue", "fact"]

MOST_FACTS: Final = 5
LEAST_CONTRIBUTION: Final = 0.02
"""In logits; less isn't worth a worker's time."""
SPARE: Final = 6
"""How many facts are tried beyond those that may be told."""


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
    reach = within_narrative(document, narrative)
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


def within_narrative(document: Document, narrative: Prepared) -> int:
    """Up to where offsets into the document are offsets into the narrative: 0 unless it begins with it."""
    own = document.parts[0].text if document.parts and document.parts[0].kind == "narrative" else ""
    return len(own) if own == narrative.text else 0


def suggestion_of(text: str, found: Suggestion, narrative: Prepared, reach: int) -> dict[str, Any]:
    """The API's object for a cue that only the learned tagger finds: a guess, and said to be one."""
    words = quoted(text, Finding(found.cue, found.polarity, found.start, found.end))
    start, end = narrative.span(found.start, found.end) if found.end <= reach else (None, None)
    return {
        "cue": found.cue,
        "text": f"可能提到{cue_title(found.cue)}：{words}（按用词推测，请核实）",
        "probability": found.probability,
        "start": start,
        "end": end,
    }


def fact_reasons(
    values: Mapping[str, float],
    contributions: Mapping[str, float],
    score: Callable[[Sequence[Mapping[str, float]]], Array],
    *,
    most: int = MOST_FACTS,
    shown: Collection[str] = BY_NAME.keys(),
) -> list[Reason]:
    """The facts that raise the score most, in words, each of rows of its own.

    Parameters
    ----------
    values
        The catalogue's columns of the case.
    contributions
        What each adds, in logits (`Scorer.explain`).
    score
        From changes of columns to the logits of the score: of the case as it is, then under each change.
    most
        How many at most.
    shown
        The columns that may be told of.
    """
    return [told.reason for told in told_facts(values, contributions, score, most=most, shown=shown)]


@dataclass(frozen=True)
class Told:
    """A reason with the fact that it tells of."""

    fact: Fact
    reason: Reason
    contribution: float
    lowers: float
    """How much lower the logit of the score would be without it."""


def told_facts(
    values: Mapping[str, float],
    contributions: Mapping[str, float],
    score: Callable[[Sequence[Mapping[str, float]]], Array],
    *,
    most: int = MOST_FACTS,
    shown: Collection[str] = BY_NAME.keys(),
) -> list[Told]:
    """`fact_reasons`, with what stands behind each."""
    tried = tried_facts(values, contributions, most=most, shown=shown)
    if not tried:
        return []
    return told_of(tried, score([one.fact.gone(values) for one in tried]), most=most)


@dataclass(frozen=True)
class TriedFact:
    """A fact that may be told of, if the score would be lower without it."""

    fact: Fact
    text: str
    contribution: float


def tried_facts(
    values: Mapping[str, float],
    contributions: Mapping[str, float],
    *,
    most: int = MOST_FACTS,
    shown: Collection[str] = BY_NAME.keys(),
) -> list[TriedFact]:
    """The facts to which the model credits most, some more of them than may be told."""
    tried = []
    for fact in facts_of(values):
        contribution = sum(contributions.get(name, 0.0) for name in fact.columns)
        if contribution < LEAST_CONTRIBUTION:
            continue
        text = _lead(fact, values, contributions, shown)
        if text is not None:
            tried.append(TriedFact(fact, text, contribution))
    tried.sort(key=lambda one: (-one.contribution, one.fact.name))
    return tried[: most + SPARE]


def told_of(tried: Sequence[TriedFact], logits: Array, *, most: int = MOST_FACTS) -> list[Told]:
    """Those of the facts without which the score would be lower.

    Parameters
    ----------
    logits
        Of the score as it is, and without each fact, shape (1 + tried,).
    """
    told = [
        Told(one.fact, Reason("fact", one.text), one.contribution, float(lower))
        for one, lower in zip(tried, logits[0] - logits[1:], strict=True)
        if lower >= LEAST_CONTRIBUTION
    ]
    return told[:most]


def _lead(
    fact: Fact, values: Mapping[str, float], contributions: Mapping[str, float], shown: Collection[str]
) -> str | None:
    """What the fact's most telling column says; None where none that raises the risk has anything to say."""
    raising = [name for name in fact.columns if name in shown and contributions.get(name, 0.0) > 0]
    for name in sorted(raising, key=lambda name: (-contributions[name], name)):
        value = values.get(name, nan)
        text = BY_NAME[name].describe(value) if isfinite(value) else None
        if text is not None:
            return text
    return None
