"""Callers that send at a steady rate from threads of their own, and remember all that they were answered."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from . import traffic
from .traffic import Asked

_TRY = 25.0
"""Seconds that a caller waits for an answer; longer than the service waits for its database."""
_AGAIN = frozenset({429, 503})


@dataclass(frozen=True)
class Try:
    """One try of a request: when it began and ended (monotonic), what came of it; status 0: no answer."""

    begun: float
    ended: float
    status: int
    told: str = ""


@dataclass
class Sent:
    """A request and its tries.

    Attributes
    ----------
    asked
        What was asked for.
    patient
        Whether it is tried until it is answered; else once.
    tries
        Each of them.
    status, answer
        Of the last; the answer's bytes.
    faults
        What was wrong with an answer.
    """

    asked: Asked
    patient: bool
    tries: list[Try] = field(default_factory=list)
    status: int = 0
    answer: bytes = b""
    faults: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether it was answered as it should be."""
        return self.status in (200, 201)

    @property
    def told(self) -> dict[str, Any]:
        """The answer."""
        said: dict[str, Any] = json.loads(self.answer)
        return said


class Caller:
    """Sends requests to several workers, the next one where one doesn't answer.

    Parameters
    ----------
    bases
        The workers' addresses.
    key
        Of the API.
    first
        Whom to ask first.
    """

    def __init__(self, bases: Sequence[str], key: str, first: int = 0) -> None:
        self._bases, self._next = bases, first
        self._http = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=_TRY)

    def send(self, sent: Sent, until: Callable[[], bool]) -> None:
        """Try until it is answered, or nobody waits any more."""
        while True:
            self._once(sent)
            if sent.status and sent.status not in _AGAIN:
                return
            if not sent.patient or until():
                return
            time.sleep(0.5 if sent.status == 0 else 1.0)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _once(self, sent: Sent) -> None:
        asked, begun = sent.asked, time.monotonic()
        base = self._bases[self._next % len(self._bases)]
        headers = {} if asked.key is None else {"Idempotency-Key": asked.key}
        try:
            answer = self._http.request(asked.method, base + asked.path, json=asked.body, headers=headers)
        except httpx.TransportError as error:
            self._next += 1
            sent.status, sent.answer = 0, b""
            sent.tries.append(Try(begun, time.monotonic(), 0, type(error).__name__))
            return
        sent.status, sent.answer = answer.status_code, answer.content
        sent.tries.append(Try(begun, time.monotonic(), answer.status_code))
        if answer.status_code in _AGAIN:
            self._next += 1
            if not answer.headers.get("retry-after", "").isdecimal():
                sent.faults.append(f"{answer.status_code} without Retry-After")
        elif not sent.done and answer.status_code not in asked.may_be:
            sent.faults.append(f"{asked.kind}: {answer.status_code} {answer.text[:300]}")


class Load:
    """Callers at work.

    Parameters
    ----------
    bases, key
        As of `Caller`.
    seed
        The same gives the same requests.
    rate
        Requests a second, of all callers together.
    callers
        How many there are.
    name
        In ids.
    """

    def __init__(
        self, bases: Sequence[str], key: str, *, seed: int, rate: float, callers: int, name: str
    ) -> None:
        self._bases, self._key, self._seed, self._name = tuple(bases), key, seed, name
        self._pause, self._callers = callers / rate, callers
        self._stopping, self._hurry = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"caller-{number}")
            for number in range(callers)
        ]
        self.sent: list[Sent] = []
        self.crashed: list[BaseException] = []

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float) -> None:
        """Begin nothing new, and let what has begun be tried again for so many seconds more."""
        self._stopping.set()
        end = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._hurry.set()
        for thread in self._threads:
            thread.join()
        if self.crashed:
            raise self.crashed[0]

    def answered(self, kind: str | None = None) -> int:
        """How many have been answered as they should be."""
        return sum(one.done for one in self.sent if kind in (None, one.asked.kind))

    def tries(self) -> list[Try]:
        """All tries."""
        return [one for sent in list(self.sent) for one in list(sent.tries)]

    def _work(self, number: int) -> None:
        rng = random.Random(f"{self._seed} {number}")
        caller = Caller(self._bases, self._key, number)
        mine: list[Sent] = []
        due = time.monotonic() + self._pause * rng.random()
        try:
            while not self._stopping.wait(max(0.0, due - time.monotonic())):
                due = max(due + self._pause, time.monotonic() - self._pause)
                earlier = None
                if mine and rng.random() < 0.15:
                    earlier = rng.choice(mine)
                    sent = Sent(earlier.asked, patient=True)
                else:
                    asked = self._asked(f"{self._name}-{number}-{len(self.sent)}", rng, mine)
                    sent = Sent(asked, patient=asked.kind in ("read", "list") or rng.random() >= 0.1)
                self.sent.append(sent)
                caller.send(sent, self._hurry.is_set)
                if earlier is not None:
                    _compare(earlier, sent)
                elif sent.done and sent.asked.key is not None:
                    mine.append(sent)
                elif sent.done and sent.asked.kind == "read":
                    _complete(sent, mine)
        except BaseException as error:  # noqa: BLE001 - told by `stop`
            self.crashed.append(error)
        finally:
            caller.close()

    def _asked(self, name: str, rng: random.Random, mine: list[Sent]) -> Asked:
        cases = [one for one in mine[-60:] if one.asked.kind == "case"]
        draw = rng.random()
        if not cases or draw < 0.5:
            return traffic.case(name, rng)
        which = rng.choice(cases)
        if draw < 0.78:
            return traffic.event(f"event-{name}", which.asked.case, rng)
        if draw < 0.9:
            return traffic.read(which.asked.case)
        if draw < 0.96:
            told = which.told
            return traffic.decision(
                which.asked.case, told["assessment_id"], told["colour"], f"key-decision-{name}"
            )
        return traffic.listing()


def _compare(earlier: Sent, again: Sent) -> None:
    if again.done and again.answer != earlier.answer:
        again.faults.append(f"{again.asked.kind}: a repeat was answered other bytes")
    elif again.status and again.status not in _AGAIN and not again.done:
        again.faults.append(f"{again.asked.kind}: a repeat was answered {again.status}")


def _complete(sent: Sent, mine: list[Sent]) -> None:
    """A read shows every event that the same caller was told is taken."""
    shown = {row["event_id"] for row in sent.told["events"]}
    for one in mine:
        if one.asked.kind == "event" and one.asked.case == sent.asked.case and one.asked.event not in shown:
            sent.faults.append("read: an event that was taken isn't shown")
