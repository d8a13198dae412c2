"""What is kept of a store between cases, all of it as one transaction saw it."""

from __future__ import annotations

import threading
from typing import Final

from .areas import AreaState
from .changes import Look, Seen
from .people import PeopleState
from .statements import Reader

_MANY: Final = 5_000
"""Changed disputes, from a load, from which on reading everything anew is quicker."""


class Kept:
    """The areas' counts and the busiest people's rows, brought up to date by what came in since.

    Parameters
    ----------
    areas, people
        That have read nothing yet.

    Attributes
    ----------
    lock
        Held from before the first statement of a transaction until what is kept has been read off.
    """

    def __init__(self, areas: AreaState, people: PeopleState) -> None:
        self.areas = areas
        self.people = people
        self.lock = threading.Lock()
        self._seen: Seen | None = None

    @property
    def seen(self) -> Seen | None:
        """What has been taken in; None: nothing yet."""
        return self._seen

    def refresh(self, reader: Reader, look: Look, as_of: int) -> bool:
        """Bring all of it up to what a transaction sees, and say whether it stands for that transaction.

        `look` is that transaction's, since `seen`.

        It doesn't where the transaction sees less than has been taken in already. Whoever takes `lock`
        before the first statement of a transaction is never so late.
        """
        if self._seen is not None and not look.sees.reaches(self._seen):
            return False
        changed = len(look.disputes) + len(look.events) + len(look.people)
        try:
            if self._seen is None or look.sees.grids != self._seen.grids or changed > _MANY:
                self.areas.read(reader, as_of)
                self.people.read(reader)
            else:
                self.areas.take_in(reader, look.disputes)
                self.people.take_in(reader, look)
        except BaseException:
            # rather nothing than a part
            self._seen = None
            self.areas.clear()
            self.people.clear()
            raise
        self._seen = look.sees
        return True
