"""`anlan webhook`: who is told of what, and what couldn't be told. Light until a command runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from serving.commands import STORE_HELP, writing

if TYPE_CHECKING:
    import httpx

    from serving.settings import Settings

webhook = typer.Typer(
    help="Webhooks: others told of colours, decisions, deadlines, slips, the registry.",
    no_args_is_help=True,
)
_Store = Annotated[str | None, typer.Option("--store", help=STORE_HELP)]
_Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its id; `anlan webhook list`.")]


@webhook.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to send; https.")],
    events: Annotated[
        str, typer.Option("--events", help="Of colour, decision, deadline, slip, registry; commas between.")
    ],
    area: Annotated[
        str | None,
        typer.Option("--area", help="street:ID, community:ID or grid:ID; else the whole district."),
    ] = None,
    store: _Store = None,
) -> None:
    """Register an endpoint; prints its id and its secret, once."""
    from docket.faults import BadInput  # noqa: PLC0415 - each command loads only what it needs
    from docket.keys import KeyRequestError  # noqa: PLC0415
    from docket.outbox import endpoints  # noqa: PLC0415
    from docket.times import now_micros  # noqa: PLC0415
    from serving.settings import Settings  # noqa: PLC0415
    from serving.webhooks.addresses import RefusedError, checked_url  # noqa: PLC0415

    settings = Settings.read()
    try:
        _look_up(checked_url(url, http=settings.webhook_http), settings)
    except RefusedError as error:
        raise BadInput(f"URL: {error}") from error
    wanted = [event.strip() for event in events.split(",") if event.strip()]
    with writing(store) as conn:
        try:
            made, secret = endpoints.add(conn, url=url, events=wanted, area=area, now=now_micros())
        except (endpoints.EndpointError, KeyRequestError) as error:
            raise BadInput(str(error)) from error
    sys.stdout.write(f"{made}\t{secret}\n")


def _look_up(url: httpx.URL, settings: Settings) -> None:
    """Refuse what every try would refuse; a name that isn't known yet may be by then."""
    import asyncio  # noqa: PLC0415

    from serving.webhooks.addresses import resolved  # noqa: PLC0415

    try:
        asyncio.run(resolved(url, settings.webhook_networks))
    except OSError:
        sys.stderr.write("URL: its host can't be found from here; deliveries will wait for it\n")


@webhook.command("list")
def list_webhooks(store: _Store = None) -> None:
    """List the endpoints: id, URL, events, area, whether paused."""
    from docket.outbox import endpoints  # noqa: PLC0415
    from docket.times import rfc3339  # noqa: PLC0415

    with writing(store) as conn:
        found = endpoints.list_endpoints(conn)
    for one in found:
        held = "" if one.paused_at is None else f"paused {rfc3339(one.paused_at)}"
        where = str(one.area or "district")
        sys.stdout.write("\t".join((one.endpoint_id, one.url, ",".join(one.events), where, held)) + "\n")


@webhook.command("pause")
def pause_webhook(endpoint: _Endpoint, store: _Store = None) -> None:
    """Hold an endpoint's deliveries back; they are kept."""
    from docket.times import now_micros  # noqa: PLC0415

    _pause(endpoint, now_micros(), store)


@webhook.command("resume")
def resume_webhook(endpoint: _Endpoint, store: _Store = None) -> None:
    """Let an endpoint's deliveries go on, what was kept first."""
    _pause(endpoint, None, store)


def _pause(endpoint: str, now: int | None, store: str | None) -> None:
    from docket.outbox import endpoints  # noqa: PLC0415

    with writing(store) as conn:
        _found(endpoints.pause(conn, endpoint, now))


@webhook.command("remove")
def remove_webhook(endpoint: _Endpoint, store: _Store = None) -> None:
    """End an endpoint, its secret and all that it was still to be told."""
    from docket.outbox import endpoints  # noqa: PLC0415
    from docket.times import now_micros  # noqa: PLC0415

    with writing(store) as conn:
        _found(endpoints.remove(conn, endpoint, now_micros()))


@webhook.command("dead")
def list_dead(store: _Store = None) -> None:
    """List what was given up: delivery, endpoint, event, case, tries, last error, when."""
    from docket.outbox import queue  # noqa: PLC0415
    from docket.times import rfc3339  # noqa: PLC0415

    with writing(store) as conn:
        found = queue.dead(conn)
    for one in found:
        told = (one.delivery_id, one.endpoint_id, one.event, one.case, str(one.attempts), one.last_error)
        sys.stdout.write("\t".join((*told, rfc3339(one.ended_at))) + "\n")


@webhook.command("retry")
def retry_dead(
    delivery: Annotated[
        str | None, typer.Argument(metavar="[DELIVERY]", help="Its id; `anlan webhook dead`.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that was given up.")] = False,
    store: _Store = None,
) -> None:
    """Let a delivery that was given up, or all, be tried anew; prints how many."""
    from docket.faults import BadInput  # noqa: PLC0415
    from docket.outbox import queue  # noqa: PLC0415
    from docket.times import now_micros  # noqa: PLC0415

    if (delivery is None) != everything:
        raise BadInput("DELIVERY: name one, or say --all")
    with writing(store) as conn:
        count = queue.retry(conn, now_micros(), delivery)
        if delivery is not None and count == 0:
            raise BadInput("DELIVERY: no such delivery that was given up; see `anlan webhook dead`")
    sys.stdout.write(f"{count}\n")


def _found(there: bool) -> None:
    from docket.faults import BadInput  # noqa: PLC0415

    if not there:
        raise BadInput("ENDPOINT: no such endpoint; see `anlan webhook list`")
