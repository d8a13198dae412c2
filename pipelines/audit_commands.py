"""`anlan audit`: words and exit codes; light, nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

audit = typer.Typer(
    help="The log of who did what to which case.", no_args_is_help=True, rich_markup_mode=None
)
_Store = Annotated[
    str | None, typer.Option("--store", help="Record store; else $ANLAN_STORE, else sqlite:///var/anlan.db.")
]


@audit.command("verify")
def verify(
    store: _Store = None,
    head: Annotated[
        Path | None,
        typer.Option(
            "--head", help="A file outside the store that keeps the last row seen: checked, then brought up."
        ),
    ] = None,
) -> None:
    """Find rows of the log that were altered, taken out, moved or cut off its end; exit 1 if any was."""
    from pipelines.audit import verify as run  # noqa: PLC0415

    raise typer.Exit(run(store, head=head))


@audit.command("replay")
def replay(
    assessment_id: Annotated[str, typer.Argument(metavar="ASSESSMENT_ID", help="From an answer or the log.")],
    store: _Store = None,
) -> None:
    """Make an old assessment again from what was kept; exit 1 if its numbers come out otherwise."""
    from pipelines.audit import replay as run  # noqa: PLC0415

    raise typer.Exit(run(store, assessment_id))
