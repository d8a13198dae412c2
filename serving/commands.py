"""The service's own commands: `anlan serve`, `settings` and `key`. Light: nothing heavy is imported here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    import sqlalchemy as sa

EMBEDDED_STORE: Final = "sqlite:///var/anlan.db"
STORE_HELP: Final = "Record store; else $ANLAN_STORE, else sqlite:///var/anlan.db."

key = typer.Typer(help="Keys of the API.", no_args_is_help=True)


def serve(
    store: Annotated[str | None, typer.Option("--store", help=STORE_HELP)] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Which registered model; else $ANLAN_MODEL, else the champion."),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    queue_open: Annotated[
        bool,
        typer.Option("--queue-open", help="Score the open disputes that came by a load, and queue them."),
    ] = False,
    port: Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65535)] = 8000,
    test: Annotated[
        bool, typer.Option("--test", help="Take cases of a test, in a store that holds no others.")
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", help="Processes: one on each port from --port on.", min=1, max=64)
    ] = 1,
) -> None:
    """Serve the API until it is told to stop (SIGTERM): then what is under way is answered first."""
    from serving.threads import pin_threads  # noqa: PLC0415 - before anything numerical is loaded

    pin_threads()
    if store is not None:
        os.environ["ANLAN_STORE"] = store
    if model is not None:
        os.environ["ANLAN_MODEL"] = model
    if test:
        os.environ["ANLAN_TEST"] = "true"
    if queue_open:
        os.environ["ANLAN_QUEUE_OPEN"] = "true"
    from serving.opening import opened  # noqa: PLC0415 - light: the model is loaded by the workers
    from serving.running import run_worker, run_workers  # noqa: PLC0415
    from serving.settings import Settings  # noqa: PLC0415
    from serving.summary import announce  # noqa: PLC0415
    from serving.worker import Worker  # noqa: PLC0415

    settings = Settings.read()
    announce(settings)
    # what can't be opened is said here in one line, not by a server that has half started
    opened(settings.store, test=settings.test).close()
    if workers == 1:
        run_worker(host, port, Worker())
    else:
        raise typer.Exit(run_workers(settings, host, port, workers))


def settings_command() -> None:
    """Print every setting as JSON: its variable, its value, whether it was set, what it is; no secret."""
    from serving.settings import Settings  # noqa: PLC0415
    from serving.summary import summary  # noqa: PLC0415

    sys.stdout.write(json.dumps(summary(Settings.read()), indent=2, ensure_ascii=False) + "\n")


@key.callback()
def _keys() -> None:
    """Keys of the API."""


@key.command("create")
def create_key(
    scope: Annotated[str, typer.Option("--scope", help="dispatch, centre, worker, analyst or audit.")],
    area: Annotated[
        str | None,
        typer.Option("--area", help="street:ID, community:ID or grid:ID; else the whole district."),
    ] = None,
    worker: Annotated[str | None, typer.Option("--worker", help="Whose key, for the scope worker.")] = None,
    days: Annotated[int, typer.Option("--days", help="How long it holds.", min=1, max=3_650)] = 365,
    store: Annotated[str | None, typer.Option("--store", help=STORE_HELP)] = None,
) -> None:
    """Make a key and print it, once."""
    from docket import keys  # noqa: PLC0415
    from docket.faults import BadInput  # noqa: PLC0415
    from docket.times import now_micros  # noqa: PLC0415

    with writing(store) as conn:
        try:
            made = keys.create(conn, scope=scope, now=now_micros(), area=area, worker_id=worker, days=days)
        except keys.KeyRequestError as error:
            raise BadInput(str(error)) from error
    sys.stdout.write(made + "\n")


@key.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="The middle of the key; `anlan key list`.")],
    store: Annotated[str | None, typer.Option("--store", help=STORE_HELP)] = None,
) -> None:
    """End a key, from the next request on."""
    from docket import keys  # noqa: PLC0415
    from docket.faults import BadInput  # noqa: PLC0415
    from docket.times import now_micros  # noqa: PLC0415

    with writing(store) as conn:
        if not keys.revoke(conn, key_id, now_micros()):
            raise BadInput("KEY_ID: no such key that isn't revoked; see `anlan key list`")


@key.command("logout")
def log_out(
    who: Annotated[
        str,
        typer.Argument(metavar="WHO", help="KEY_ID, or token:SUBJECT of whom the identity provider let in."),
    ],
    store: Annotated[str | None, typer.Option("--store", help=STORE_HELP)] = None,
) -> None:
    """End all sessions of somebody, from the next request on; how many there were."""
    from docket import audit, sessions  # noqa: PLC0415
    from docket.times import now_micros  # noqa: PLC0415

    with writing(store) as conn:
        ended = sessions.end_all(conn, who, now_micros())
        audit.record(conn, "logout", subject=who, detail={"sessions": ended})
    sys.stdout.write(f"{ended}\n")


@key.command("list")
def list_keys(store: Annotated[str | None, typer.Option("--store", help=STORE_HELP)] = None) -> None:
    """List the keys: id, scope, area, worker, until when, whether revoked. No key can be shown again."""
    from docket import keys  # noqa: PLC0415
    from docket.times import rfc3339  # noqa: PLC0415

    with writing(store) as conn:
        found = keys.list_keys(conn)
    for one in found:
        until = "for ever" if one.expires_at is None else f"until {rfc3339(one.expires_at)}"
        ended = "" if one.revoked_at is None else f"revoked {rfc3339(one.revoked_at)}"
        where = str(one.area or "district")
        sys.stdout.write("\t".join((one.key_id, one.scope, where, one.worker_id or "", until, ended)) + "\n")


@contextmanager
def writing(store: str | None) -> Iterator[sa.Connection]:
    """A transaction on the store, which logs whoever runs the command."""
    from docket.audit import acting  # noqa: PLC0415
    from docket.audit.actors import operator  # noqa: PLC0415
    from docket.store import open_store  # noqa: PLC0415

    opened = open_store(store or os.environ.get("ANLAN_STORE") or EMBEDDED_STORE)
    try:
        with opened.begin() as conn, acting(operator()):
            yield conn
    finally:
        opened.close()
