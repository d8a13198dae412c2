"""Faults of what the service talks to: the model registry and receivers of webhooks."""

from __future__ import annotations

import time

from .processes import wait_for, wait_until_up
from .world import World


def broken(world: World) -> str:
    """The champion's alias moves to a version with a damaged file, and then back."""
    first, second, third = world.registry.uris
    (world.registry.scorer_folder(third) / "trees.txt").write_text("no trees")
    world.registry.promote(third)
    for number in range(len(world.workers)):
        wait_for("it is refused", lambda number=number: "was refused" in world.model(number)[1])
    world.some_more(world.plan.before // 2)
    used = {world.model(number)[0] for number in range(len(world.workers))}
    if used != {first}:
        raise AssertionError(f"{first} should have stayed in use, not {used}")
    world.registry.promote(second)
    taken = [_taken(world, second)]
    return f"refused by both, the one in use stayed; the next good one in use after {max(taken):.1f} s"


def _taken(world: World, uri: str) -> float:
    """Seconds until all workers use a version."""
    begun = time.monotonic()
    for number in range(len(world.workers)):
        wait_for(f"{uri} is in use", lambda number=number: world.model(number) == (uri, "None"), pause=0.05)
    return time.monotonic() - begun


def swapped(world: World) -> str:
    """The alias moves on to each version and back to the first."""
    first, second, third = world.registry.uris
    on, back = [], []
    for uri in (second, third, second, third):
        world.registry.promote(uri)
        on.append(_taken(world, uri))
        world.some_more(world.plan.before // 8)
        world.registry.promote(first)
        back.append(_taken(world, first))
        world.some_more(world.plan.before // 8)
    return (
        f"{len(on)} swaps, in use by both workers after {min(on):.1f} to {max(on):.1f} s; "
        f"{len(back)} roll-backs, {min(back):.1f} to {max(back):.1f} s"
    )


def gone(world: World) -> str:
    """MLflow's server goes, during the work and then at the start of a worker, and comes back."""
    registry, (first, second, *_) = world.registry, world.registry.uris
    registry.server.kill()
    world.some_more(world.plan.before // 2)
    world.workers[0].kill()
    world.workers[0].start()
    wait_until_up(f"{world.bases[0]}/healthz", world.workers[0])
    without = world.readyz(0)
    if without.status_code != 503 or world.model(1)[0] != first:
        raise AssertionError("a worker without a model must say so, and one that has a model keep it")
    world.some_more(world.plan.before // 2)
    begun = time.monotonic()
    registry.start()
    world.wait_ready(0)
    back = time.monotonic() - begun
    registry.promote(second)
    return (
        f"killed; a worker started without it had a model {back:.1f} s after MLflow's start; "
        f"a promotion then in use after {_taken(world, second):.1f} s"
    )


def deaf(world: World) -> str:
    """The receiver hangs, then is gone for long, then is back."""
    world.receiver.pause()
    time.sleep(world.plan.during / 2)
    world.receiver.kill()
    time.sleep(world.plan.during * 2)
    world.some_more(world.plan.before // 2)
    world.receiver.start()
    return f"hung for {world.plan.during / 2:.0f} s, then gone for {world.plan.during * 2:.0f} s and more"
