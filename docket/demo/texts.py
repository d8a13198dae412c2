"""The texts of a district: what is told of each record, event and visit, in the order of the records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import numpy as np

from docket.contract.enumerations import FINDINGS, SOURCES
from docket.demo.evidence import Talk
from docket.demo.life import Rows
from docket.demo.narrative import Facts, Writer
from docket.demo.schedule import NEVER, Matters
from docket.demo.settings import DistrictSettings, stream
from docket.demo.world import World
from docket.times import local_day

Progress = Callable[[str, int, int], None]

_EVENT_TEXT: Final = 0.45
_VISIT_TEXT: Final = 0.55
_GRID_WORKER: Final = SOURCES.index("grid_worker")
_TELL_EVERY: Final = 2_000


class Texts:
    """Writes every text once; one stream of wordings runs through them in a fixed order."""

    def __init__(
        self, world: World, matters: Matters, talk: Talk, seed: int, settings: DistrictSettings
    ) -> None:
        self.world, self.m, self.talk = world, matters, talk
        self.writer = Writer(seed, settings)
        self.rng = stream(seed, "text choices")
        self.late = matters.start + 2 * (matters.cut - matters.start) // 3

    def narratives(self, progress: Progress | None = None) -> tuple[list[str], list[str]]:
        """Narratives of the matters, and of the second records in the order of their matters."""
        m = self.m
        first = []
        for i in range(m.n):
            if progress is not None and i % _TELL_EVERY == 0:
                progress("writing narratives", i, m.n)
            facts = self._facts(i, int(m.source[i]), int(m.intake[i]))
            first.append(self.writer.narrative(facts, self.talk.first[i].tolist()))
        second = []
        for place, i in enumerate(np.flatnonzero(m.twin < NEVER).tolist()):
            facts = self._facts(i, int(m.twin_source[i]), int(m.twin[i]))
            second.append(self.writer.narrative(facts, self.talk.second[place].tolist()))
        if progress is not None:
            progress("writing narratives", m.n, m.n)
        return first, second

    def events(self, rows: Rows) -> list[str | None]:
        """Texts of events, None where nothing was written."""
        speaks = {int(row): place for place, row in enumerate(self.talk.event_rows)}
        some = self.rng.random(len(rows.events)) < _EVENT_TEXT
        texts: list[str | None] = []
        for row, (i, at, _, kind, _) in enumerate(rows.events):
            place = speaks.get(row)
            if place is None and not some[row]:
                texts.append(None)
                continue
            modes = None if place is None else self.talk.events[place].tolist()
            texts.append(self.writer.note(kind, self._facts(i, int(self.m.source[i]), at), modes))
        return texts

    def visits(self, rows: Rows) -> list[str | None]:
        """Texts of visits, None where nothing was written."""
        some = self.rng.random(len(rows.visits)) < _VISIT_TEXT
        return [
            self.writer.visit(FINDINGS[finding], self._facts(i, _GRID_WORKER, at)) if some[row] else None
            for row, (i, _, _, at, _, _, finding) in enumerate(rows.visits)
        ]

    def _facts(self, i: int, source: int, at: int) -> Facts:
        m, world = self.m, self.world
        applicant, respondent = int(m.applicant[i]), int(m.respondent[i])
        other = respondent if respondent >= 0 else int(m.official[i])
        day: date = local_day(at)
        return Facts(
            source=source,
            kind=int(m.kind[i]),
            relation=int(m.relation[i]),
            amount=float(m.amount[i]),
            respondent_male=bool(world.male[other]) if other >= 0 else bool(i % 2),
            complainant_male=bool(world.male[applicant]),
            complainant_birth=int(world.birth[applicant]),
            official=bool(m.official[i] >= 0),
            day=(day.month, day.day),
            late_in_years=at >= self.late,
        )
