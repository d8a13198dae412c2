"""What would change a case's risk: only what people can do, or could have done, about it.

Nothing here speaks of what a person is or has behind them. A line says what the model would answer if the
records were otherwise; it is no promise that doing so has that effect (docs/adr/0025).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from models.explaining import OneCase
from models.facts import Change, Values, contacted_now, number, visited_now, without_events
from models.policy import Colour
from models.targets import DEFAULT_HORIZON, RISK_COLUMNS

Array = NDArray[np.float64]

MOST: Final = 2
LEAST: Final = 0.1
"""In logits, about a tenth of a rare risk; less isn't worth a line, and would print as the same number."""
STALE_DAYS: Final = 7.0
_COLOURS: Final = {"none": "无", "blue": "蓝", "yellow": "黄", "red": "红"}
_MAIN: Final = RISK_COLUMNS.index(f"escalation_{DEFAULT_HORIZON}")


@dataclass(frozen=True)
class Lever:
    """Something that can be done, or could have been.

    Attributes
    ----------
    name
        Of the lever.
    words
        From the case's values to the condition in Chinese; None where it has nothing to do with the case.
    change
        The columns as they would be.
    """

    name: str
    words: Callable[[Values], str | None]
    change: Callable[[Values], Change]


def _failed(values: Values) -> str | None:
    times = int(number(values, "mediations_failed"))
    if times == 0:
        return None
    return "若上次调解未破裂" if times == 1 else f"若{times}次调解均未破裂"


def _settled(values: Values) -> Change:
    lost = nan if number(values, "agreements_breached") == 0 else values.get("days_since_lost", nan)
    return {**without_events(values, ("mediations_failed",)), "days_since_lost": lost}


def _kept(values: Values) -> Change:
    lost = nan if number(values, "mediations_failed") == 0 else values.get("days_since_lost", nan)
    return {**without_events(values, ("agreements_breached",)), "days_since_lost": lost}


def _agreed(values: Values) -> Change:
    change = contacted_now(values)
    return {
        **change,
        "agreements": number(values, "agreements") + 1,
        "mediation_sessions": number(values, "mediation_sessions") + 1,
        "event_count": number(values, "event_count") + 2,
        "event_count_30d": number(values, "event_count_30d") + 2,
    }


def _calm(values: Values) -> Change:
    findings = ("person_last_finding", "respondent_last_finding", "applicant_last_finding")
    return {**visited_now(values), **{name: 0.0 for name in findings if not isnan(values.get(name, nan))}}


def _open(values: Values) -> bool:
    return number(values, "is_closed") == 0


def _when_stale(name: str, words: str) -> Callable[[Values], str | None]:
    """The words while the case is open and the last time was days ago, or never."""

    def said(values: Values) -> str | None:
        days = values.get(name, nan)
        return words if _open(values) and (isnan(days) or days >= STALE_DAYS) else None

    return said


LEVERS: Final = (
    Lever("settled", _failed, _settled),
    Lever("kept", lambda v: "若协议得到履行" if number(v, "agreements_breached") else None, _kept),
    Lever(
        "in_time",
        lambda v: "若登记后24小时内接触了当事人" if number(v, "contact_missed_24h") else None,
        lambda v: {"contact_missed_24h": 0.0, "contact_missed_30min": 0.0, "contact_wait_days": 0.0},
    ),
    Lever("contact", _when_stale("days_since_contact", "若现在接触当事人"), contacted_now),
    Lever("visit", _when_stale("person_days_since_visit", "若现在走访且情况平稳"), _calm),
    Lever("agreement", lambda v: "若双方现在达成协议" if _open(v) else None, _agreed),
)


@dataclass(frozen=True)
class Turn:
    """A lever, and what the model would answer.

    Attributes
    ----------
    text
        Chinese.
    risk
        Of escalation within 90 days.
    colour
        The colour then.
    """

    lever: str
    text: str
    risk: float
    colour: Colour

    def as_dict(self) -> dict[str, Any]:
        """The API's object."""
        return {"text": self.text, "risk": self.risk, "colour": self.colour}


def turns(case: OneCase, floored: bool, most: int = MOST) -> list[Turn]:
    """What would lower the case's risk, the most first.

    Parameters
    ----------
    floored
        Whether a safety floor applies: the colour is then red whatever is done.
    """
    tried = tried_levers(case.values)
    if not tried:
        return []
    risks = case.under([lever.change(case.values) for lever, _ in tried])
    return turns_under(case, tried, risks, floored, most)


def tried_levers(values: Values) -> list[tuple[Lever, str]]:
    """The levers that have something to do with a case, with their words."""
    said = ((lever, lever.words(values)) for lever in LEVERS)
    return [(lever, words) for lever, words in said if words is not None]


def turns_under(
    case: OneCase, tried: Sequence[tuple[Lever, str]], risks: Array, floored: bool, most: int = MOST
) -> list[Turn]:
    """`turns`, given the risks as they are and under each lever that was tried, shape (1 + tried, 12)."""
    if not tried:
        return []
    scores = logit(case.policy.index(risks))
    before = case.policy.colour(risks[0], floored)
    found = []
    for place in np.argsort(scores[1:], kind="stable")[:most]:
        then, (lever, words) = risks[1 + place], tried[place]
        if scores[0] - scores[1 + place] < LEAST or not then[_MAIN] < risks[0, _MAIN]:
            continue
        colour = case.policy.colour(then, floored)
        text = f"{words}，{DEFAULT_HORIZON}天内升级风险约由{risks[0, _MAIN]:.1%}降至{then[_MAIN]:.1%}"
        if colour != before:
            text += f"，预警颜色由{_COLOURS[before]}转{_COLOURS[colour]}"
        found.append(Turn(lever.name, text, float(then[_MAIN]), colour))
    return found
