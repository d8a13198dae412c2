"""A worker's day on the phone: whom to visit, why, and what was found by one tap, with or without a line."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from docket.times import now_micros, rfc3339
from docket.vault import keyed_digest
from models.visit_files import MAKERS
from serving.answering import Here
from serving.errors import FieldError, Invalid, NotFound
from serving.pages.access import Filled, Form, LoggedIn, Page, Who, filled
from serving.pages.rendering import rendered
from serving.pages.words import FOUND, NOT_MET, REFERRALS
from serving.repeats.service import ask_of
from serving.shapes import PRINTABLE
from serving.urgings import service as urgings
from serving.visits import returning, rounds
from serving.visits.schemas import VisitsIn

router = APIRouter(prefix="/visits", route_class=Page)
MET: Final = ("calm", "tense", "worse")
SAID: Final = {
    "kept": "走访已记录，相关案件已重新评估。",
    "before": "这次走访此前已经记录，没有再记一次。",
    "changed": "这次走访此前已记录为别的结果，以先记录的为准。",
}
UNTIL: Final = "X-Anlan-Until"
"""Until when (milliseconds) the session holds: a phone that is away shows the list no longer than that."""
_MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MICROS_IN_MILLI: Final = 1_000
_DIGITS: Final = 16
_URGED: Final = 20


@router.get("")
def get_visits(
    request: Request,
    key: Who,
    session: LoggedIn,
    state: Here,
    done: Annotated[str, Query(max_length=20, pattern=PRINTABLE)] = "",
) -> Response:
    """Today's visits within capacity, the most urgent first, and those that are done."""
    told = rounds.round_of(state, key)
    urged = urgings.listed(state, key, level=None, area=None, ended=False, cursor=None, limit=_URGED)
    worker = str(key.worker_id).encode()
    return rendered(
        request,
        "visits.html",
        headers={UNTIL: str(session.expires_at // _MICROS_IN_MILLI)},
        **told,
        urged=urged["urgings"],
        more_urged=urged["open"]["grid"] - len(urged["urgings"]),
        ids=[f"v-{secrets.token_hex(12)}" for _ in told["left"]],
        said=SAID.get(done),
        found=FOUND,
        referrals=REFERRALS,
        # What waits on the phone is locked with this: it can be read while its worker is logged in.
        lock=keyed_digest("phone", worker),
        owner=keyed_digest("phone owner", worker)[:_DIGITS],
    )


@router.get("/list.{ending}")
def get_file(ending: str, request: Request, key: Who, state: Here) -> Response:
    """Today's list as a file, CSV or XLSX."""
    if ending not in _MEDIA_TYPES:
        raise NotFound()
    told = rounds.exported(state, key)
    return Response(
        MAKERS[f".{ending}"](told["left"]),
        media_type=_MEDIA_TYPES[ending],
        headers={"Content-Disposition": f'attachment; filename="visits-{told["date"]}.{ending}"'},
    )


@router.post("")
def post_visit(request: Request, form: Filled, key: Who, state: Here) -> Response:
    """Keep what was found. A script asks for JSON, and whoever has to choose is asked first."""
    by_script = request.headers.get("accept", "") == "application/json"
    listed_at = _listed_at(form) if by_script and form.get("both") != "yes" else None
    told = _visit(form, str(key.worker_id))
    if not form.get(
        "at"
    ):  # a page without scripts can't say when it was tapped: a second tap is no other visit
        told["at"] = returning.paid_at(state, told["visit_id"]) or told["at"]
    asked = filled(VisitsIn, {"visits": [told]})
    outcome, other = returning.bring(
        state, key, ask_of(key, request, asked, None), asked, listed_at=listed_at
    )
    if not by_script:
        return RedirectResponse(f"/visits?done={outcome}", status_code=303)
    status = 200 if outcome in returning.STANDS else 409
    return JSONResponse({"outcome": outcome, "other": other}, status_code=status)


def _visit(form: Form, worker_id: str) -> dict[str, Any]:
    found = form.get("found")
    if found not in FOUND:
        raise Invalid([FieldError(field="finding", reason="missing value")])
    # The contract has no column for why nobody was met: it is said in the text, as a worker would.
    said = [NOT_MET.get(found, ""), form.get("text", "")]
    return {
        "visit_id": form.get("visit_id", ""),
        "person_id": form.get("person_id", ""),
        "worker_id": worker_id,
        "at": form.get("at") or rfc3339(now_micros()),
        "contact": found in MET,
        "finding": found if found in MET else "unknown",
        "text": "\n".join(part for part in said if part) or None,
        "weapon_seen": form.get("weapon_seen") == "yes",
        "referred_to": form.get("referred_to") or None,
    }


def _listed_at(form: Form) -> int | None:
    told = form.get("listed_at", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _DIGITS else None
