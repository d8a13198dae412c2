"""The calls of the API, with the shapes that the service itself checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date as calendar_date
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from serving.annotations.schemas import AnnotationsIn, AnnotationsOut
from serving.cases.schemas import (
    MOST_CASES,
    Assessment,
    BatchOut,
    BatchResult,
    CaseIn,
    CaseOut,
    ChangeIn,
    HappenedIn,
    OutcomesIn,
)
from serving.client.sending import Sender
from serving.decisions.schemas import (
    ApprovalIn,
    Decision,
    DecisionIn,
    Unit,
    UnitIn,
    WithdrawIn,
    Withdrawn,
)
from serving.listing.schemas import AssessmentsOut, CasesOut, Listed
from serving.progress.schemas import TokenIn, TokenOut
from serving.registry.schemas import LeaveIn
from serving.shapes import Colour, RegistryRow
from serving.slips.schemas import Slip, SlipIn, StepIn
from serving.visits.schemas import VisitList, VisitsIn, VisitsOut

_Answer = TypeVar("_Answer", bound=BaseModel)
Said = BaseModel | Mapping[str, Any]
"""A request as its model, or as JSON types."""


class Client:
    """A connection to the service; use it as a context manager, or close it.

    What can be tried again is, with growing pauses or those that the service asks for: everything that
    changes something goes under an Idempotency-Key, so it is taken once. Give a key of your own where a
    request may be sent again after a restart.

    Parameters
    ----------
    url
        Where the service is, such as `https://anlan.example.cn`.
    key
        Of `anlan key create`, or a token.
    timeout
        Seconds for one try.
    attempts, patience
        How often a request is tried, and for how many seconds at most.
    transport
        Of httpx, such as one with the district's certificates.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        attempts: int = 8,
        patience: float = 120.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, transport=transport)
        self._sender = Sender(self._http, attempts, patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def send_case(
        self, case: CaseIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Assessment:
        """Send in a case."""
        return self._write(Assessment, "POST", "/v1/cases", case, idempotency_key)

    def send_cases(self, cases: Iterable[CaseIn | Mapping[str, Any]]) -> Iterator[BatchResult]:
        """Send in any number of cases; one result each, in order."""
        part: list[Any] = []
        for case in cases:
            part.append(_said(case))
            if len(part) == MOST_CASES:
                yield from self._batch(part)
                part = []
        if part:
            yield from self._batch(part)

    def _batch(self, cases: list[Any]) -> list[BatchResult]:
        return self._write(BatchOut, "POST", "/v1/cases:batch", {"cases": cases}, None).results

    def report(
        self, dispute_id: str, happened: HappenedIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Assessment:
        """Report events and visits of a case."""
        return self._write(Assessment, "POST", _case(dispute_id, "/events"), happened, idempotency_key)

    def report_outcomes(
        self, dispute_id: str, came: OutcomesIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Assessment:
        """Report harm that came of a case."""
        return self._write(Assessment, "POST", _case(dispute_id, "/outcomes"), came, idempotency_key)

    def label(
        self,
        dispute_id: str,
        labels: AnnotationsIn | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
    ) -> AnnotationsOut:
        """Label a case's narrative."""
        return self._write(AnnotationsOut, "POST", _case(dispute_id, "/annotations"), labels, idempotency_key)

    def change(
        self, dispute_id: str, change: ChangeIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Assessment:
        """Say what a case's record says otherwise now."""
        return self._write(Assessment, "PATCH", _case(dispute_id), change, idempotency_key)

    def withdraw(self, dispute_id: str, reason: str, *, idempotency_key: str | None = None) -> Withdrawn:
        """Take a case back."""
        said = WithdrawIn(reason=reason)
        return self._write(Withdrawn, "POST", _case(dispute_id, "/withdraw"), said, idempotency_key)

    def decide(
        self, dispute_id: str, decision: DecisionIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Decision:
        """Confirm or override a colour; a red case that is lowered stays red until somebody else approves."""
        return self._write(Decision, "PUT", _case(dispute_id, "/decision"), decision, idempotency_key)

    def approve(
        self, dispute_id: str, said: ApprovalIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Decision:
        """Agree that a red case is lowered, or refuse it."""
        return self._write(Decision, "PUT", _case(dispute_id, "/decision/approval"), said, idempotency_key)

    def issue_slip(
        self, dispute_id: str, slip: SlipIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Slip:
        """Give a case to a unit, after a person's decision."""
        return self._write(Slip, "POST", _case(dispute_id, "/slips"), slip, idempotency_key)

    def step_slip(
        self, slip_id: str, step: StepIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Slip:
        """Say that a slip has come to its next state."""
        path = f"/v1/slips/{quote(slip_id, safe='')}/steps"
        return self._write(Slip, "POST", path, step, idempotency_key)

    def taken_by(self, dispute_id: str, unit: str, at: datetime | None = None) -> Unit:
        """Say which unit took a case."""
        return self._write(Unit, "PUT", _case(dispute_id, "/unit"), UnitIn(unit=unit, taken_at=at), None)

    def case(self, dispute_id: str) -> CaseOut:
        """A case as it is known now."""
        return self._read(CaseOut, _case(dispute_id))

    def assessments(self, dispute_id: str) -> Iterator[Assessment]:
        """Every assessment of a case, in the order in which they were made."""
        cursor: str | None = None
        while True:
            page = self._read(AssessmentsOut, _case(dispute_id, "/assessments"), cursor=cursor)
            yield from page.assessments
            cursor = page.next
            if cursor is None:
                return

    def cases(
        self, *, colour: Colour | None = None, area: str | None = None, since: datetime | None = None
    ) -> Iterator[Listed]:
        """Cases as they stand, those first that changed first."""
        moment = None if since is None else since.isoformat()
        cursor: str | None = None
        while True:
            page = self._read(
                CasesOut, "/v1/cases", colour=colour, area=area, since=moment, cursor=cursor, limit=1_000
            )
            yield from page.cases
            cursor = page.next
            if cursor is None:
                return

    def enter(
        self, entry: RegistryRow | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Assessment:
        """Put somebody into the registry."""
        return self._write(Assessment, "POST", "/v1/registry", entry, idempotency_key)

    def leave(self, entry_id: str, reason: str, at: datetime | None = None) -> Assessment:
        """Let somebody leave the registry."""
        path = f"/v1/registry/{quote(entry_id, safe='')}/leave"
        return self._write(Assessment, "POST", path, LeaveIn(left_at=at, reason=reason), None)

    def give_token(self, dispute_id: str, days: int | None = None) -> TokenOut:
        """A token by which whoever reported a case sees how far it is; it can't be shown again."""
        return self._write(TokenOut, "POST", _case(dispute_id, "/progress"), TokenIn(days=days), None)

    def visits(self, day: calendar_date | None = None, worker: str | None = None) -> VisitList:
        """Whom to visit on a day."""
        return self._read(
            VisitList, "/v1/visits", date=None if day is None else day.isoformat(), worker=worker
        )

    def report_visits(
        self, visits: VisitsIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> VisitsOut:
        """Say what was found on visits."""
        return self._write(VisitsOut, "POST", "/v1/visits", visits, idempotency_key)

    def _read(self, model: type[_Answer], path: str, **query: Any) -> _Answer:
        return model.model_validate_json(self._sender.ask("GET", path, query=query))

    def _write(
        self, model: type[_Answer], method: str, path: str, said: Said, idempotency_key: str | None
    ) -> _Answer:
        answer = self._sender.ask(method, path, body=_said(said), idempotency_key=idempotency_key)
        return model.model_validate_json(answer)


def _said(said: Said) -> Any:
    return said.model_dump(mode="json", exclude_unset=True) if isinstance(said, BaseModel) else dict(said)


def _case(dispute_id: str, rest: str = "") -> str:
    return f"/v1/cases/{quote(dispute_id, safe='')}{rest}"
