"""Load on a server, as a process of its own: ``python -m bench.serving.load PLAN.json`` prints what came.

Calls are sent when they are due, whether or not the earlier ones have been answered (an open model), and
are timed from when they were due: a server that stalls is charged for all who wait.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import numpy as np


@dataclass(frozen=True)
class Plan:
    """What to send.

    Attributes
    ----------
    url, headers
        Where every body is posted to.
    bodies
        A file of JSON bodies, one a line.
    first, count
        Which of them.
    rate
        Calls a second; 0: `together` callers who each send the next when the last is answered.
    seed
        Of the moments between two calls, which are exponential.
    """

    url: str
    bodies: str
    first: int
    count: int
    rate: float
    headers: dict[str, str] = field(default_factory=dict)
    together: int = 4
    seed: int = 7


@dataclass
class Came:
    """What came back.

    Attributes
    ----------
    ms
        Milliseconds of each call, from when it was due.
    failed
        How many were answered by anything but 2xx, or not at all.
    seconds
        From the first call to the last answer.
    late_ms
        How late the sender itself was, at the 99th percentile: large means that it was no fair sender.
    """

    ms: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0
    late_ms: float = 0.0


async def send(plan: Plan) -> Came:
    """Send it all."""
    lines = Path(plan.bodies).read_text(encoding="utf-8").splitlines()[plan.first : plan.first + plan.count]
    came, late = Came(), []
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    headers = {"content-type": "application/json", **plan.headers}
    async with httpx.AsyncClient(headers=headers, timeout=120, limits=limits) as client:
        begun = time.perf_counter()

        async def one(body: str, due: float) -> None:
            try:
                answer = await client.post(plan.url, content=body.encode())
                came.failed += not answer.is_success
            except httpx.TransportError:
                came.failed += 1
            came.ms.append((time.perf_counter() - due) * 1e3)

        if plan.rate:
            gaps = np.random.default_rng(plan.seed).exponential(1 / plan.rate, len(lines))
            async with asyncio.TaskGroup() as group:
                for body, after in zip(lines, np.cumsum(gaps).tolist(), strict=True):
                    due = begun + after
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    late.append((time.perf_counter() - due) * 1e3)
                    group.create_task(one(body, due))
        else:
            queue = iter(lines)

            async def caller() -> None:
                for body in queue:
                    await one(body, time.perf_counter())

            async with asyncio.TaskGroup() as group:
                for _ in range(plan.together):
                    group.create_task(caller())
        came.seconds = time.perf_counter() - begun
    came.late_ms = float(np.percentile(late, 99)) if late else 0.0
    return came


def main() -> None:
    """Send a plan and print what came."""
    plan = Plan(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps(asdict(asyncio.run(send(plan)))))


if __name__ == "__main__":
    main()
