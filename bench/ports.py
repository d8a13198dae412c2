"""Ports of this machine that nobody listens on; the tests take theirs here, too."""

from __future__ import annotations

import os
import random
import socket
from contextlib import ExitStack
from typing import Final

_WORKER: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_BLOCK: Final = 16


def free_port() -> int:
    """One of them."""
    return free_ports(1)


def free_ports(many: int) -> int:
    """The first of several in a row.

    Below those that connections take by themselves, and no two test processes look in the same blocks: a port
    is taken only some time after it was found free.
    """
    while True:
        block = random.randrange(10_000 // _BLOCK, 32_000 // _BLOCK)
        if block % 4 != _WORKER % 4:
            continue
        with ExitStack() as probes:
            try:
                for place in range(many):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", block * _BLOCK + place))
            except OSError:
                continue
            return block * _BLOCK
