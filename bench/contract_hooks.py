"""Values that a generator can't guess: grids and workers of the store that is tested, times that have passed.

schemathesis loads this by `SCHEMATHESIS_HOOKS`. Only what follows the schema anyway is changed, so that most
of it reaches the store instead of ending at a dangling reference.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import schemathesis

_PASSED = ["2026-03-31T08:30:00+08:00", "2026-03-31T09:00:00Z", "2025-12-31T23:59:59+08:00"]
_KNOWN = {
    "grid_id": ["g1", "g2"],
    "worker_id": ["w1", "w2"],
    "person_id": ["p1", "p2", "p3", "p4"],
    **dict.fromkeys(("opened_at", "at", "entered_at", "left_at", "taken_at"), _PASSED),
}
_OF_ENTRIES = {"dispute_id": ["d1", "d2"]}


def _placed(value: Any, known: dict[str, list[str]], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _placed(part, known, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_placed(part, known) for part in value]
    if isinstance(value, str) and name in known:
        return known[name][len(value) % len(known[name])]
    return {"recorded_at": None, "birth_year": 1980}.get(name, value)


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Put what is there in the place of references and moments, in cases that follow the schema."""
    del context
    if case.meta is not None and case.meta.generation.mode == schemathesis.GenerationMode.POSITIVE:
        entering = case.operation.path == "/v1/registry"
        case.body = _placed(case.body, _KNOWN | (_OF_ENTRIES if entering else {}))
        if case.headers and "idempotency-key" in case.headers:
            # One a request, as callers are told; the generator's few would nearly all be spent.
            said = repr((case.method, case.formatted_path, case.body))
            case.headers["idempotency-key"] = sha256(said.encode("utf-8", "replace")).hexdigest()
    return case
