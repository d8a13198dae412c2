"""The assessment of one case: exactly the object that the API answers and `anlan score` writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from docket.text import Prepared
from docket.times import DAY, HOUR, MINUTE, rfc3339
from docket.tracing import span
from features.cues import Finding, floor, tag
from features.documents import Document
from models import policy
from models.counterfactuals import turns_under
from models.explaining import OneCase
from models.reading import asserted, cue_title, points_of
from models.reasons import cue_reasons, suggestion_of, within_narrative
from models.tagger import Suggestion
from models.targets import HORIZONS, RISK_COLUMNS, TARGETS
from models.weighing import Weighed, weigh

RESPOND: Final = 30 * MINUTE
CLASSIFY: Final = 24 * HOUR
PARTS: Final = ("table", "text")
"""What may lie outside of what a model was trained on."""


def assess(
    *,
    dispute_id: str,
    as_of: int,
    recorded_at: int,
    document: Document,
    narrative: Prepared,
    case: OneCase | None,
    model_version: str | None,
    duplicates: Sequence[Mapping[str, Any]] = (),
    before: int | None = None,
    weighed: Weighed | None = None,
) -> dict[str, Any]:
    """Assess a case at a moment.

    Parameters
    ----------
    as_of, recorded_at
        µs: the moment, and when the dispute was first recorded, from which the first two deadlines run.
    document
        The texts known then.
    narrative
        The narrative known then, with the way back to the text as submitted.
    case, model_version
        The case as a model has read it (`Scorer.case`), and which version that is; None while no model is at
        hand: the answer is then `degraded`, without risks, and coloured by floors and cue rules alone.
    duplicates
        Reports that may be of the same dispute (`models.duplicates.Proposal.as_dict`), which only a store's
        service looks for; they bear on nothing else here.
    before
        The moment of the assessment before this one (microseconds); None: there was none.
    weighed
        The case as `models.weighing.weigh` gives it among others; None: it is weighed now.

    Returns
    -------
    dict
        JSON types, in the order of the API's fields. `assessment_id` is a hash of all the rest.
    """
    findings = tag(document.text)
    floors = floor(findings)
    rules = case.policy if case is not None else policy.DEFAULT
    risks: list[dict[str, Any]] = []
    reasons = cue_reasons(document, narrative, findings, floors)
    would_change: list[dict[str, Any]] = []
    outside: list[str] = []
    if case is None:
        colour = rules.without_model(points_of(findings), bool(floors))
    else:
        colour = rules.colour(case.risks, bool(floors))
        outside = [name for name, out in zip(PARTS, case.outside, strict=True) if out]
        with span("reasons"):
            why = weigh([case])[0] if weighed is None else weighed
            reasons += [told.reason for told in why.told]
            would_change = [turn.as_dict() for turn in turns_under(case, why.levers, why.risks, bool(floors))]
        risks = _risks(case)
    answer: dict[str, Any] = {
        "dispute_id": dispute_id,
        "assessment_id": "",
        "as_of": rfc3339(as_of),
        "model_version": model_version if case is not None else None,
        "policy_version": rules.version,
        "degraded": case is None,
        "colour": colour,
        "floor": "cue" if floors else None,
        "risks": risks,
        "reasons": [reason.as_dict() for reason in reasons],
        "suggested": _suggested(case, findings, document, narrative),
        "would_change": would_change,
        "deadlines": deadlines(colour, rules, as_of, recorded_at),
        "out_of_range": bool(outside),
        "outside": outside,
        "added": None if before is None else _added(document, before),
        "duplicates": [dict(found) for found in duplicates],
    }
    answer["assessment_id"] = content_id(answer)
    return answer


def _risks(case: OneCase) -> list[dict[str, Any]]:
    low, high = case.bounds or ([None] * len(RISK_COLUMNS), [None] * len(RISK_COLUMNS))
    named = [(target, horizon) for target in TARGETS for horizon in HORIZONS]
    return [
        {
            "target": target,
            "horizon_days": horizon,
            "risk": float(risk),
            "low": None if below is None else float(below),
            "high": None if above is None else float(above),
        }
        for (target, horizon), risk, below, above in zip(named, case.risks, low, high, strict=True)
    ]


def _suggested(
    case: OneCase | None, findings: Sequence[Finding], document: Document, narrative: Prepared
) -> list[dict[str, Any]]:
    """What the learned tagger finds asserted and no rule reads anywhere, the likeliest first."""
    tagger = None if case is None else case.estimator.tagger
    if tagger is None:
        return []
    read = {finding.cue for finding in asserted(findings)}
    likeliest: dict[str, Suggestion] = {}
    for found in sorted(tagger.suggest(document.text), key=lambda found: -found.probability):
        if found.polarity == "asserted" and found.cue not in read:
            likeliest.setdefault(found.cue, found)
    reach = within_narrative(document, narrative)
    return [suggestion_of(document.text, found, narrative, reach) for found in likeliest.values()]


def _added(document: Document, before: int) -> dict[str, Any]:
    """What was written since an earlier assessment, and which cues are asserted there for the first time."""
    new = document.added_since(before)
    earlier = Document(tuple(part for part in document.parts if part not in new.parts))
    told = {finding.cue for finding in asserted(tag(earlier.text))}
    found = dict.fromkeys(finding.cue for finding in asserted(tag(new.text)) if finding.cue not in told)
    return {
        "since": rfc3339(before),
        "texts": [{"source": part.kind, "recorded_at": rfc3339(part.known)} for part in new.parts],
        "cues": [{"cue": cue, "text": cue_title(cue)} for cue in found],
    }


def deadlines(
    colour: policy.Colour, rules: policy.ColourPolicy, as_of: int, recorded_at: int
) -> list[dict[str, str]]:
    """When to respond and to classify, counted from intake, and when to review, counted from `as_of`.

    A case without a colour is reviewed when something is recorded about it, so it has no review date.
    """
    due = [("respond", recorded_at + RESPOND), ("classify", recorded_at + CLASSIFY)]
    if colour != "none":
        due.append(("review", as_of + rules.review_days[colour] * DAY))
    return [{"kind": kind, "due_at": rfc3339(moment)} for kind, moment in due]


def content_id(answer: Mapping[str, Any]) -> str:
    """The id of an answer: a hash of all the rest of it."""
    content = {name: value for name, value in answer.items() if name != "assessment_id"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return "a-" + hashlib.sha256(text.encode()).hexdigest()[:24]
