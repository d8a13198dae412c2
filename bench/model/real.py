"""Real data beside the simulated districts, read where it lies: kept by its bytes and by the code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from bench.kept import Result, code_digest, digest, kept

from . import cail, compas


def lines(data: Path | None, cache: Path, *, only_kept: bool) -> Iterator[str]:
    """The report, or that there is none and why."""
    asked = [("compas", compas.FILE, "")]
    asked += [("cail", cail.FILE, domain) for domain in cail.DOMAINS]
    found: dict[str, dict[str, Result]] = {"compas": {}, "cail": {}}
    for what, name, part in asked:
        if data is None or not (data / name).is_file():
            yield f"{what} {part}".strip() + f" skipped: {name} isn't there (--data or ANLAN_SHARED_DATA)"
            continue
        file = data / name
        told = {
            "bytes": hashlib.sha256(file.read_bytes()).hexdigest(),
            "code": code_digest((f"bench/model/{what}.py", "models/**/*.py")),
        }
        place = cache / "model" / f"{what}-{part}-{digest(told)}.json"
        if only_kept and not place.exists():
            yield f"{what} {part}".strip() + " is not kept"
            continue
        if what == "compas":
            found[what][part] = kept(place, lambda file=file: compas.measured(file))
        else:
            found[what][part] = kept(place, lambda file=file, part=part: cail.measured(file, part))
    if found["compas"]:
        yield from compas.lines(found["compas"][""])
    if found["cail"]:
        yield from cail.lines(found["cail"])
