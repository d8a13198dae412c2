"""What the API says of itself: OpenAPI with every error on each route, and links from call to call.

`python -m serving.openapi` writes docs/openapi.json, which a test holds every change against: only additions
are made under `/v1`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from serving.errors import Malformed, Problem, ProblemBody, Unavailable, documented

Operation = dict[str, Any]
PUBLISHED: Final = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"
_GUARDED: Final = "/v1"
_ANYWHERE: Final = documented(Malformed, Unavailable, Problem)
"""A control character in a path, a store out of reach, a fault of our own."""
_OF_A_CASE: Final = "{dispute_id}"


def operation_id(route: APIRoute) -> str:
    """The function's name: what generated clients call the operation."""
    return route.name


def install(app: FastAPI) -> None:
    """Let the application describe itself in full."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = plain()
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        made = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        components |= made.pop("$defs", {})
        components["ProblemBody"] = made
        for path, operations in schema["paths"].items():
            if path.startswith(_GUARDED):
                for operation in operations.values():
                    _complete(operation)
        _link(schema["paths"])
        return schema

    # FastAPI's documented way to extend the schema.
    app.openapi = openapi  # type: ignore[method-assign]


def _complete(operation: Operation) -> None:
    """Add the errors that any route may answer."""
    for status, told in _ANYWHERE.items():
        operation["responses"].setdefault(str(status), told)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _link(paths: dict[str, dict[str, Operation]]) -> None:
    """Say where what one call answers is asked for by the next."""
    of_case = [
        operation
        for path, operations in paths.items()
        if _OF_A_CASE in path
        for operation in operations.values()
    ]
    for operation in (paths[f"{_GUARDED}/cases"]["post"], *of_case):
        for status in ("200", "201"):
            if _answers_assessment(operation["responses"].get(status, {})):
                operation["responses"][status]["links"] = _from_assessment(of_case)
    entered = paths[f"{_GUARDED}/registry"]["post"]
    left = paths[f"{_GUARDED}/registry/{{entry_id}}/leave"]["post"]
    for status in ("200", "201"):
        entered["responses"][status]["links"] = {
            left["operationId"]: {
                "operationId": left["operationId"],
                "parameters": {"entry_id": "$request.body#/entry_id"},
            }
        }


def _answers_assessment(response: Operation) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("/Assessment")


def _from_assessment(operations: list[Operation]) -> dict[str, Any]:
    links: dict[str, Any] = {}
    for operation in operations:
        name = operation["operationId"]
        link: dict[str, Any] = {
            "operationId": name,
            "parameters": {"dispute_id": "$response.body#/dispute_id"},
        }
        if name == "put_decision":
            link["requestBody"] = {
                "assessment_id": "$response.body#/assessment_id",
                "colour": "$response.body#/colour",
            }
        links[name] = link
    return links


def _write() -> None:
    from serving.app import create_app  # noqa: PLC0415 - which imports this module
    from serving.settings import Settings  # noqa: PLC0415

    told = json.dumps(create_app(Settings(model="")).openapi(), ensure_ascii=False, indent=1, sort_keys=True)
    PUBLISHED.write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
