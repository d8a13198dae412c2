"""What a fault cost: answers and deliveries held against the store, when things are back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

import httpx
import sqlalchemy as sa

from docket.audit.checking import verify
from docket.store import Store
from models import registry
from models.replay import replay
from models.scorer import Scorer

from .load import Sent
from .world import World, scalar


@dataclass
class Counted:
    """What was found, a line each.

    Attributes
    ----------
    lost
        Answered, and not stored, not logged or not told of; or never answered, though tried to the end.
    doubled
        There twice.
    wrong
        Answered otherwise than it should be, or left undone.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def count(world: World, sent: Iterable[Sent]) -> Counted:
    """Hold everything against everything. The workers must run, and have settled what was left."""
    found = Counted()
    every = list(sent)
    for one in every:
        found.wrong += one.faults
        if one.patient and one.status in (0, 429, 503):
            found.lost.append(f"{one.asked.kind} {one.asked.case}: never answered ({one.status})")
    store = world.store()
    try:
        with store.snapshot() as conn:
            _stored(conn, every, found)
            _doubled(conn, found)
            _told(conn, world, found)
            found.wrong += [f"audit: {fault}" for fault in verify(conn).faults]
            left = scalar(conn, "SELECT COUNT(*) FROM unscored")
            if left:
                found.wrong.append(f"{left} cases are left unscored")
        _replayed(store, every, world, found)
    finally:
        store.close()
    _failures(world, found)
    return found


def _stored(conn: sa.Connection, sent: list[Sent], found: Counted) -> None:
    """What was answered is in the store, and in the log."""
    disputes = _ids(conn, "SELECT dispute_id FROM disputes")
    events = _ids(conn, "SELECT event_id FROM events")
    scored = _ids(conn, "SELECT subject FROM audit_log WHERE action = 'score'")
    kept = dict(
        conn.execute(
            sa.text(
                "SELECT a.dispute_id, a.answer FROM intakes AS i JOIN assessments AS a "
                "ON a.assessment_id = i.assessment_id"
            )
        ).all()
    )
    decided = Counter(
        conn.execute(sa.text("SELECT case_id FROM audit_log WHERE action = 'decide'")).scalars().all()
    )
    answers: dict[str, set[bytes]] = defaultdict(set)
    for one in sent:
        if not one.done or one.asked.key is None:
            continue
        asked = one.asked
        answers[asked.key or ""].add(one.answer)
        if asked.case not in disputes:
            found.lost.append(f"case {asked.case}: answered and not stored")
        if asked.event is not None and asked.event not in events:
            found.lost.append(f"event {asked.event}: answered and not stored")
        if asked.kind == "decision" and not decided[asked.case]:
            found.lost.append(f"decision on {asked.case}: not in the log")
        if asked.kind in ("case", "event", "change") and one.told["assessment_id"] not in scored:
            found.lost.append(f"{asked.kind} {asked.case}: its assessment isn't in the log")
        if asked.kind == "case" and kept.get(asked.case) != one.answer.decode():
            found.wrong.append(f"case {asked.case}: the kept answer isn't the one that was given")
    for key, given in answers.items():
        if len(given) > 1:
            found.wrong.append(f"{key}: {len(given)} different answers")


_TWICE = {
    "case": "SELECT dispute_id FROM disputes WHERE via = 'api' GROUP BY dispute_id, row_digest "
    "HAVING COUNT(*) > 1",
    "event": "SELECT event_id FROM events WHERE via = 'api' GROUP BY event_id HAVING COUNT(*) > 1",
    "request": "SELECT idempotency_key FROM requests WHERE idempotency_key IS NOT NULL "
    "GROUP BY caller, idempotency_key HAVING COUNT(*) > 1",
    # There may be several as of a moment, each with what was learned since: not of the same facts.
    "assessment": "SELECT dispute_id FROM assessments GROUP BY dispute_id, as_of, model_version, features "
    "HAVING COUNT(*) > 1",
    "decision": "SELECT dispute_id FROM decisions GROUP BY dispute_id, assessment_id, colour "
    "HAVING COUNT(*) > 1",
    "score in the log": "SELECT subject FROM audit_log WHERE action = 'score' GROUP BY subject "
    "HAVING COUNT(*) > 1",
    "delivery": "SELECT about FROM outbox GROUP BY endpoint_id, about HAVING COUNT(*) > 1",
}


def _doubled(conn: sa.Connection, found: Counted) -> None:
    for what, query in _TWICE.items():
        found.doubled += [f"{what} {name}" for name in conn.execute(sa.text(query)).scalars()]


def _told(conn: sa.Connection, world: World, found: Counted) -> None:
    """Every colour and decision is put for the receiver; each that is due was delivered, and signed."""
    came: dict[str, set[str]] = defaultdict(set)
    said: dict[str, set[str]] = defaultdict(set)
    for line in world.received.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        name, body = told["webhook-id"], told["body"]
        came[name].add(body)
        about = json.loads(body)
        data = about["data"]
        said[
            f"{about['type']} {data.get('decision_id') or data['assessment_id']} "
            f"{data.get('kind', '')}{data.get('phase', '')}"
        ].add(name)
        if not _is_signed(world.secret, told):
            found.wrong.append(f"webhook {name} isn't signed rightly")
    found.doubled += [f"webhook {name}: {len(some)} bodies" for name, some in came.items() if len(some) > 1]
    found.doubled += [f"webhook: {what} under {len(ids)} ids" for what, ids in said.items() if len(ids) > 1]
    rows = conn.execute(sa.text("SELECT delivery_id, about, state, event FROM outbox")).all()
    put = {row.about for row in rows}
    for row in rows:
        if row.event != "deadline" and row.state != "delivered":
            found.lost.append(f"webhook {row.about}: {row.state}")
        if row.state == "delivered" and row.delivery_id not in came:
            found.lost.append(f"webhook {row.about}: noted as delivered, and never came")
    first = sa.text(
        "SELECT a.assessment_id FROM assessments AS a WHERE a.colour <> 'none' AND NOT EXISTS "
        "(SELECT 1 FROM assessments AS b WHERE b.dispute_id = a.dispute_id AND b.created_at < a.created_at)"
    )
    for name in conn.execute(first).scalars():
        if f"colour:{name}" not in put:
            found.lost.append(f"webhook colour:{name}: never put")
    for row in conn.execute(sa.text("SELECT dispute_id, decided_at FROM decisions")):
        if f"decision:{row.dispute_id}:{row.decided_at}" not in put:
            found.lost.append(f"webhook of a decision on {row.dispute_id}: never put")


def _is_signed(secret: str, told: dict[str, str]) -> bool:
    body = f"{told['webhook-id']}.{told['webhook-timestamp']}.{told['body']}".encode()
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}" in told["webhook-signature"].split()


def _replayed(store: Store, sent: list[Sent], world: World, found: Counted) -> None:
    """Assessments come out the same when they are made again, each by the one version that it names."""
    load = _loader()
    with store.snapshot() as conn:
        names = sorted(_ids(conn, "SELECT assessment_id FROM assessments"))
        kept = min(world.plan.replays, len(names))
        for name in random.Random(world.plan.seed).sample(names, kept):
            again = replay(conn, name, load)
            if again.numbers or again.altered:
                found.wrong.append(f"assessment {name}: another when made again: {again.numbers[:2]}")
    for one in sent:
        if one.done and one.asked.kind in ("case", "event", "change"):
            version, policy = one.told["model_version"], one.told["policy_version"]
            if version is not None and load(version).policy.version != policy:
                found.wrong.append(f"assessment {one.told['assessment_id']}: mixes versions")


def _loader() -> Callable[[str], Scorer]:
    @cache
    def load(version: str) -> Scorer:
        return registry.load(version, threads=1)[0]

    return load


def _failures(world: World, found: Counted) -> None:
    """Failures that the workers counted themselves, though nobody may have seen them."""
    for number, base in enumerate(world.bases):
        for line in httpx.get(f"{base}/metrics", timeout=60).text.splitlines():
            if (
                line.startswith("anlan_requests_total{")
                and 'status="5' in line
                and 'status="503"' not in line
            ):
                found.wrong.append(f"worker {number}: {line}")


def _ids(conn: sa.Connection, query: str) -> set[str]:
    return set(conn.execute(sa.text(query)).scalars())
