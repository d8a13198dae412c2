"""The service's own commands: `anlan serve` and `anlan key`. Light: nothing heavy is imported here."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Final

import typer

EMBEDDED_STORE: Final = "sqlite:///var/anlan.db"
_STORE_HELP: Final = "Record store; else $ANLAN_STORE, else sqlite:///var/anlan.db."

key = typer.Typer(help="Keys of the API.", no_args_is_help=True)


def serve(
    store: Annotated[str | None, typer.Option("--store", help=_STORE_HELP)] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Which registered model; else $ANLAN_MODEL, else the champion."),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Serve the API until it is told to stop."""
    from serving.threads import pin_threads  # noqa: PLC0415 - before anything numerical is loaded

    pin_threads()
    import uvicorn  # noqa: PLC0415

    if store is not None:
        os.environ["ANLAN_STORE"] = store
    if model is not None:
        os.environ["ANLAN_MODEL"] = model
    from serving.app import opened  # noqa: PLC0415
    from serving.settings import Settings  # noqa: PLC0415

    # what can't be opened is said here in one line, not by a server that has half started
    opened(Settings().store).close()
    uvicorn.run(
        "serving.app:create_app",
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
    )


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
    days: Annotated[int, typer.Option("--days", help="How long it holds.", min=1)] = 365,
    store: Annotated[str | None, typer.Option("--store", help=_STORE_HELP)] = None,
) -> None:
    """Make a key and print it, once."""
    from docket import keys  # noqa: PLC0415
    from docket.faults import BadInput  # noqa: PLC0415
    from docket.store import open_store  # noqa: PLC0415
    from docket.times import now_micros  # noqa: PLC0415

    opened = open_store(store or os.environ.get("ANLAN_STORE") or EMBEDDED_STORE)
    try:
        with opened.begin() as conn:
            made = keys.create(conn, scope=scope, now=now_micros(), area=area, worker_id=worker, days=days)
    except keys.KeyRequestError as error:
        raise BadInput(str(error)) from error
    finally:
        opened.close()
    sys.stdout.write(made + "\n")
