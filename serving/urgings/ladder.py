"""The ladder: how long before a deadline the grid is reminded, and after it each level above is told."""

from __future__ import annotations

from datetime import time
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from docket.office import Office
from docket.times import HOUR, MINUTE
from docket.urging import Deadline, Planned, Step

_CLIMB: Final[tuple[Step, ...]] = ("community", "street", "district")
_AROUND_THE_CLOCK: Final = "respond"
"""Of this deadline nobody waits for the office to open."""
Minutes = Annotated[int, Field(ge=0)]


class Waits(BaseModel):
    """The steps of one kind of deadline, in minutes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: Minutes = Field(description="How long before the deadline the grid is reminded; 0: not at all.")
    community: Minutes = Field(description="How long after it the community is told.")
    street: Minutes
    district: Minutes

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        rungs = [0, *(getattr(self, step) for step in _CLIMB)]
        if not all(lower < higher for lower, higher in pairwise(rungs)):
            raise ValueError("each level must be told later than the one below it")
        return self


class Ladder(BaseModel):
    """The steps of each kind of deadline, and when offices are open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    respond: Waits = Waits(before=10, community=15, street=30, district=60)
    classify: Waits = Waits(before=120, community=60, street=240, district=480)
    review: Waits = Waits(before=240, community=240, street=480, district=960)
    opens: time = time(8, 30)
    closes: time = time(17, 30)

    @model_validator(mode="after")
    def _is_open(self) -> Self:
        self.office  # noqa: B018 - refuses hours that are none
        return self

    @property
    def office(self) -> Office:
        """When offices are open."""
        return Office(*(at.hour * HOUR + at.minute * MINUTE for at in (self.opens, self.closes)))

    def steps(self, deadline: Deadline, colour: str) -> list[Planned]:
        """The steps of a deadline, in their order.

        The deadline itself runs by the clock, and so does all of a red case and of the first response;
        otherwise the levels above are told in office hours: a wait for them counts no night and no holiday.
        """
        kind, at = deadline
        waits: Waits = getattr(self, kind)
        by_clock = colour == "red" or kind == _AROUND_THE_CLOCK
        found = [Planned(deadline, "before", at - waits.before * MINUTE)] if waits.before else []
        found.append(Planned(deadline, "due", at))
        for step in _CLIMB:
            wait = getattr(waits, step) * MINUTE
            found.append(Planned(deadline, step, at + wait if by_clock else self.office.after(at, wait)))
        return found
