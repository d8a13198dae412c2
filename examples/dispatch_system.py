"""A dispatch system that uses the service: reports come as JSON lines, none is lost, none is sent twice.

    ANLAN_KEY=… python examples/dispatch_system.py REPORTS.jsonl --url http://127.0.0.1:8000 --unit 东街派出所

A line is `{"case": …}` or `{"dispute_id": …, "happened": …}`, as the API takes them. What has been answered
is noted beside the file, line by line, so that a restart goes on where it stopped; a line whose answer was
lost is sent again under the same Idempotency-Key and answered as it was. Whatever is red is handed to a unit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import structlog

from serving.cases.schemas import Assessment
from serving.client import ApiError, Client

_URGENT = ("red", "yellow")


def send(client: Client, line: str) -> Assessment:
    """Send one report; its key is its content's, so it is the same after a restart."""
    said: dict[str, Any] = json.loads(line)
    key = hashlib.sha256(line.encode()).hexdigest()
    if "case" in said:
        return client.send_case(said["case"], idempotency_key=key)
    return client.report(said["dispute_id"], said["happened"], idempotency_key=key)


def work_off(client: Client, reports: Path, unit: str) -> int:
    """Send what hasn't been answered yet; how many were refused."""
    noted = reports.with_suffix(".answered")
    done = len(noted.read_text(encoding="utf-8").splitlines()) if noted.exists() else 0
    lines = [line for line in reports.read_text(encoding="utf-8").splitlines() if line.strip()]
    refused = 0
    with noted.open("a", encoding="utf-8") as journal:
        for number, line in enumerate(lines[done:], done + 1):
            try:
                told = send(client, line)
            except ApiError as error:
                if error.status >= 500 or error.status in (401, 403, 429):
                    raise  # nothing of the report's own: it waits, and so do those behind it
                refused += 1
                outcome = {"line": number, "refused": str(error)}
                print(f"line {number}: {error}", file=sys.stderr)
            else:
                outcome = {"line": number, "dispute_id": told.dispute_id, "colour": told.colour}
                if told.colour == "red":
                    client.taken_by(told.dispute_id, unit)
            journal.write(json.dumps(outcome, ensure_ascii=False) + "\n")
            journal.flush()
    return refused


def main() -> None:
    """Send the reports, then say what stands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("reports", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--unit", default="综治中心", help="who takes red cases")
    asked = parser.parse_args()
    # What is said of further tries goes where errors go.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with Client(asked.url, os.environ["ANLAN_KEY"]) as client:
        refused = work_off(client, asked.reports, asked.unit)
        for colour in _URGENT:
            for case in client.cases(colour=colour):
                due = client.case(case.dispute_id).assessment or {}
                respond = next(
                    (one["due_at"] for one in due.get("deadlines", []) if one["kind"] == "respond"), ""
                )
                taken = "" if case.unit is None else case.unit.unit
                print("\t".join((case.dispute_id, case.colour, respond, taken)))
    sys.exit(1 if refused else 0)


if __name__ == "__main__":
    main()
