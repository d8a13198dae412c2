"""Faults of whoever calls: clients that are slow, that break off, that come at once with the same case."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

import numpy as np
import sqlalchemy as sa

from . import traffic
from .load import Sent
from .traffic import Asked
from .world import World

_MANY: Final = 200
_RESET: Final = struct.pack("ii", 1, 0)
_AT_ONCE: Final = 8


def _raw(world: World, asked: Asked) -> tuple[bytes, bytes]:
    body = json.dumps(asked.body).encode()
    head = (
        f"{asked.method} {asked.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        f"{world.keys['dispatch']}\r\nContent-Type: application/json\r\nIdempotency-Key: {asked.key}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode(), body


def _where(world: World, number: int) -> tuple[str, int]:
    parts = urlsplit(world.bases[number % len(world.bases)])
    return str(parts.hostname), int(parts.port or 0)


def slow(world: World) -> str:
    """Many clients send a byte now and then, of the head or of the body; the others mustn't notice."""
    rng = random.Random(world.plan.seed)
    asked = [traffic.case(f"slow-{number}", rng) for number in range(_MANY)]
    before = _median(world, 0.0)
    begun = time.monotonic()
    answered = asyncio.run(_trickle(world, asked, world.plan.during))
    during = _median(world, begun)
    # Who was let finish was taken; nobody else was.
    if not _stored(world, asked) >= answered:
        raise AssertionError("a slow client was answered 201 and its case isn't stored")
    return (
        f"{_MANY} at once for {world.plan.during:.0f} s; median answer to the others {before:.0f} ms before, "
        f"{during:.0f} ms meanwhile; {len(answered)} of the slow finished"
    )


async def _trickle(world: World, asked: Sequence[Asked], seconds: float) -> set[str]:
    answered: set[str] = set()

    async def one(number: int, what: Asked) -> None:
        head, body = _raw(world, what)
        reader, writer = await asyncio.open_connection(*_where(world, number))
        at_once = head if number % 2 else b""  # half of them are slow from the first byte on
        rest = (head + body)[len(at_once) :]
        writer.write(at_once)
        end = time.monotonic() + seconds
        try:
            for byte in rest[:-40] if number % 4 else rest:
                writer.write(bytes([byte]))
                await writer.drain()
                if time.monotonic() > end:
                    break
                # every fourth hurries, and ends in time
                await asyncio.sleep(seconds / (len(rest) + 1) / 2 if number % 4 == 0 else 1.0)
            else:
                if (await asyncio.wait_for(reader.readline(), 30)).split()[1:2] == [b"201"]:
                    answered.add(what.case)
        except (OSError, TimeoutError):
            pass
        finally:
            writer.close()

    await asyncio.gather(*(one(number, what) for number, what in enumerate(asked)))
    return answered


def _median(world: World, since: float) -> float:
    seconds = [one.ended - one.begun for one in world.load.tries() if one.begun > since and one.status == 201]
    return float(np.median(seconds)) * 1e3 if seconds else float("nan")


def _stored(world: World, asked: Sequence[Asked]) -> set[str]:
    store = world.store()
    try:
        with store.snapshot() as conn:
            there = set(conn.execute(sa.text("SELECT dispute_id FROM disputes")).scalars())
    finally:
        store.close()
    return there & {one.case for one in asked}


def halved(world: World) -> str:
    """Requests break off in the head, in the body, or before the answer; half of them with a reset."""
    rng = random.Random(world.plan.seed)
    asked = [traffic.case(f"half-{number}", rng) for number in range(_MANY)]
    cuts: tuple[Callable[[bytes, bytes], int], ...] = (
        lambda head, _: len(head) // 2,
        lambda head, body: len(head) + len(body) // 2,
        lambda head, body: len(head) + len(body),
    )
    for number, what in enumerate(asked):
        head, body = _raw(world, what)
        with socket.create_connection(_where(world, number), timeout=10) as to:
            to.sendall((head + body)[: cuts[number % 3](head, body)])
            if number % 2:
                to.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        time.sleep(world.plan.during / _MANY)
    whole = [what for number, what in enumerate(asked) if number % 3 == 2]
    broken = [what for what in asked if what not in whole]
    if _stored(world, broken):
        raise AssertionError("half of a request was taken")
    # Each of them comes again, whole: it is answered as if it had never been tried, or as it was then.
    caller = world.caller()
    for what in asked:
        world.ask(caller, what)
    caller.close()
    return f"{_MANY} requests broken off, {len(whole)} of them after the last byte; each sent again whole"


def raced(world: World) -> str:
    """Both workers get a case at once: the same body, other bodies, events beside merges and decisions."""
    rng = random.Random(world.plan.seed)
    rounds = max(2, int(world.plan.during) // 2)
    callers = [world.caller(number, "centre") for number in range(_AT_ONCE)]
    refused = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:

        def together(asked: Sequence[Asked]) -> list[Sent]:
            gate = threading.Barrier(len(asked))

            def one(number: int) -> Sent:
                gate.wait()
                return world.ask(callers[number], asked[number])

            return list(pool.map(one, range(len(asked))))

        for number in range(rounds):
            same = traffic.case(f"same-{number}", rng)
            answers = together([same] * _AT_ONCE)
            if len({one.answer for one in answers}) > 1:
                answers[0].faults.append("race: one case was answered in several ways")
            refused += _of_several(together, number, rng)
            _beside(together, number, rng)
    for caller in callers:
        caller.close()
    return f"{rounds} rounds of {_AT_ONCE} at once on both workers; {refused} other bodies refused by 409"


def _of_several(together: Callable[[Sequence[Asked]], list[Sent]], number: int, rng: random.Random) -> int:
    """Of several bodies under one id one is taken, and whoever sent another is told."""
    name = f"other-{number}"
    asked = [
        Asked(
            **{
                **vars(traffic.case(name, rng, key=f"key-{name}-{n}", text=f"第{n}份陈述。")),
                "may_be": _CONFLICT,
            }
        )
        for n in range(_AT_ONCE)
    ]
    answers = together(asked)
    taken = [one for one in answers if one.done]
    if len(taken) != 1:
        answers[0].faults.append(f"race: of {_AT_ONCE} bodies under one id {len(taken)} were taken")
    return sum(one.status == 409 for one in answers)


_CONFLICT: Final = frozenset({409})


def _beside(together: Callable[[Sequence[Asked]], list[Sent]], number: int, rng: random.Random) -> None:
    """Events, a decision, a change and a merge of two cases at once: what was taken stands in the end."""
    one, other = f"merged-{number}", f"into-{number}"
    _, second = together([traffic.case(one, rng), traffic.case(other, rng)])
    told = second.told
    answers = together(
        [
            traffic.event(f"event-{one}-1", one, rng),
            traffic.event(f"event-{other}-1", other, rng),
            traffic.merge(one, other, f"key-merge-{number}"),
            traffic.decision(other, told["assessment_id"], told["colour"], f"key-decided-{number}"),
            traffic.event(f"event-{one}-2", one, rng),
            traffic.change(one, f"key-change-{number}", "后来又来过一次，仍未解决。"),
            traffic.event(f"event-{other}-2", other, rng),
            traffic.change(other, f"key-changed-{number}", "双方各执一词。"),
        ]
    )
    events = [answer for answer in answers if answer.asked.kind == "event"]
    (shown,) = together([traffic.read(other)])
    if not shown.done:
        return
    rows = {row["event_id"] for row in shown.told["events"]}
    merged = answers[2].done
    for answer in events:
        if answer.done and (merged or answer.asked.case == other) and answer.asked.event not in rows:
            answer.faults.append("race: an event that was taken isn't in the case that it counts for")
