"""The end of entries: taken out some time after the leaving, and erased from the store some time after that.

From the taking out on no list, page or feature of a later moment has the entry; what was assessed before
rests on it and stays. The erasing leaves nothing but ids in the log.
"""

from __future__ import annotations

from docket import audit, registry
from docket.audit import Event
from docket.registry import GRACE
from docket.store import Store
from docket.store.locking import beside, take_turns
from docket.store.writing import append
from docket.times import DAY
from serving.unscored import repository as unscored
from serving.visits import repository as visits


def retire(store: Store, *, days: int, now: int, most: int) -> int:
    """Take out what was left so many days ago, and erase what was taken out before; how many entries.

    An entry whose person objects to it stays until they are answered.
    """
    before = now - days * DAY
    with store.snapshot() as conn:
        due = registry.expired(conn, before=before, most=1)
    taken = _take_out(store, before=before, now=now, most=most) if due else 0
    return max(taken, _erase(store, now=now, most=most))


def _take_out(store: Store, *, before: int, now: int, most: int) -> int:
    with store.begin() as conn:
        beside(conn)
        found = registry.expired(conn, before=before, most=most)
        take_turns(conn, [row["entry_id"] for row in found])
        # Once more: somebody may have changed one before the turn was ours.
        names = {row["entry_id"] for row in found}
        found = [row for row in registry.expired(conn, before=before, most=most) if row["entry_id"] in names]
        ended = [{**row, "withdrawn": True, "recorded_at": max(now, row["recorded_at"] + 1)} for row in found]
        done = append(conn, "registry", ended, ingested_at=now, via="api")
        if done.faults:
            raise RuntimeError(f"entries can't be taken out: {done.faults[0].reason}")
        registry.forget(conn, sorted(names))
        for name in visits.cases_of(conn, {row["person_id"] for row in found}, now):
            unscored.note(conn, name, now)
        audit.record_all(
            conn, [Event("retain", row["dispute_id"], row["entry_id"], {"what": "removed"}) for row in found]
        )
    return len(found)


def _erase(store: Store, *, now: int, most: int) -> int:
    with store.begin() as conn:
        registry.forget_declined(conn, now=now)
        gone = registry.erase(conn, before=now - GRACE, most=most)
        audit.record_all(
            conn, [Event("retain", dispute, entry, {"what": "erased"}) for entry, dispute in gone]
        )
    return len(gone)
