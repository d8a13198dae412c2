"""What is done with models from the command line: trained, judged, compared, named, watched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.defaults import DEFAULT_ENCODER, DEFAULT_WORK
from pipelines.options import By, Encoder, Int8, Reason, Records, Store, Track, Version, Waive, Work

models = typer.Typer(rich_markup_mode=None)
"""Without a name of its own: its commands stand beside the others."""


@models.command()
def train(
    records: Records = None,
    store: Store = None,
    until: Annotated[
        str | None, typer.Option("--until", help="See nothing recorded at or after this date or instant.")
    ] = None,
    promote: Annotated[
        bool,
        typer.Option(
            "--promote", help="Make the new version champion, if the gates let it; needs --by and --reason."
        ),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="The same seed and records give the same model.")] = 0,
    encoder: Encoder = DEFAULT_ENCODER,
    int8: Int8 = False,
    neighbour: Annotated[
        str | None,
        typer.Option("--neighbour", help="Start from this version, of another district with more harms."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="JSON: `capacity` (shares of intake) or `thresholds` by colour."),
    ] = None,
    by: By = None,
    reason: Reason = None,
    waive: Waive = None,
    work: Work = DEFAULT_WORK,
) -> None:
    """Train, log and register a model; the last line on stdout is its URI."""
    from pipelines.train import run  # noqa: PLC0415

    run(
        records,
        store,
        until=until,
        promote=promote,
        seed=seed,
        encoder=encoder,
        int8=int8,
        neighbour=neighbour,
        wishes=policy,
        by=by,
        reason=reason,
        waive=waive or (),
        work=work,
    )


@models.command()
def retrain(
    store: Store = None,
    schedule: Annotated[
        str | None,
        typer.Option("--schedule", help="Cron fields, Beijing time: '0 3 1 * *' is 03:00 on each first."),
    ] = None,
    encoder: Encoder = DEFAULT_ENCODER,
    seed: Annotated[int, typer.Option("--seed", help="The same seed and records give the same model.")] = 0,
    work: Work = DEFAULT_WORK,
) -> None:
    """Train on all that the store knows, make that the challenger, compare it with the champion."""
    from pipelines.retrain import run  # noqa: PLC0415

    run(store, schedule=schedule, encoder=encoder, seed=seed, work=work)


@models.command()
def promote(
    version: Version,
    by: By = None,
    reason: Reason = None,
    waive: Waive = None,
    challenger: Annotated[
        bool, typer.Option("--challenger", help="Make it the challenger, which scores unseen.")
    ] = False,
    records: Records = None,
    store: Store = None,
) -> None:
    """Make a version the champion, if the gates let it; a person may waive one with a reason."""
    from pipelines.promote import run  # noqa: PLC0415

    run(version, records, store, by=by, reason=reason, waive=waive or (), challenger=challenger)


@models.command()
def rollback(by: By = None, reason: Reason = None, store: Store = None) -> None:
    """Take the champion back to the version before it."""
    from pipelines.promote import roll_back  # noqa: PLC0415

    roll_back(store, by=by, reason=reason)


@models.command()
def compare(
    version: Version,
    other: Annotated[str | None, typer.Argument(metavar="OTHER", help="Else the champion.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for compare.html and tables.")] = None,
    records: Records = None,
    store: Store = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="On what VERSION said in the shadow; needs a store.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of the bootstrap.")] = 0,
) -> None:
    """Compare two versions on cases that neither has learned from, and log that in MLflow."""
    from pipelines.compare import run  # noqa: PLC0415

    run(version, other, records, store, out=out, shadow=shadow, seed=seed)


@models.command()
def shadow(
    store: Store = None,
    model: Annotated[str, typer.Option("--model", help="Which version; else the challenger.")] = "challenger",
) -> None:
    """Let the challenger score what the champion has answered; nobody is shown it."""
    from pipelines.shadow import run  # noqa: PLC0415

    run(store, model=model)


@models.command()
def watch(
    store: Store = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for watch.html and tables.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="See nothing recorded at or after this date or instant.")
    ] = None,
    track: Annotated[bool, typer.Option("--track/--no-track", help="Log a run in MLflow.")] = True,
) -> None:
    """Tell whether what comes in, what is answered and what becomes of it is as it was; for a daily run."""
    from pipelines.watch import run  # noqa: PLC0415

    run(store, out=out, until=until, track=track)


@models.command()
def evaluate(
    out: Annotated[Path, typer.Option("--out", help="Folder for metrics.csv, reliability.csv, report.html.")],
    records: Records = None,
    store: Store = None,
    begin: Annotated[str | None, typer.Option("--from", help="First test day; else a year is left.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Judge this version on all after its data cut.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of training and bootstrap.")] = 0,
    encoder: Encoder = DEFAULT_ENCODER,
    int8: Int8 = False,
    track: Track = True,
) -> None:
    """Judge by rolling origin, beside the baselines, or judge one version after its data cut."""
    from pipelines.evaluate import run  # noqa: PLC0415

    run(records, store, out=out, begin=begin, model=model, seed=seed, encoder=encoder, int8=int8, track=track)


@models.command()
def effects(
    records: Records = None,
    store: Store = None,
    until: Annotated[
        str | None, typer.Option("--until", help="See nothing recorded at or after this date or instant.")
    ] = None,
    follow: Annotated[int, typer.Option("--follow", min=1, max=180, help="Days after a visit.")] = 30,
    washout: Annotated[
        int, typer.Option("--washout", min=0, max=365, help="Days without a visit before one.")
    ] = 60,
    out: Annotated[Path | None, typer.Option("--out", help="Write the estimates here too, as JSON.")] = None,
) -> None:
    """Estimate what visiting does: from who was visited, and from the places that were drawn by lot."""
    from pipelines.effects import run  # noqa: PLC0415

    run(records, store, until=until, follow=follow, washout=washout, out=out)
