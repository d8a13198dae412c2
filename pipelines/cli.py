"""The command line: words and exit codes, nothing else; each job stands in a module of its own.

Exit codes: 0 done, 1 failed, 2 bad input. Errors go to stderr, one line a fault, and come with a traceback
only under ``--debug``.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from docket.faults import BadInput, RecordFaults
from pipelines.areas_commands import areas
from pipelines.audit_commands import audit
from pipelines.defaults import DEFAULT_ENCODER, DEFAULT_MODEL, PART_ROWS, Engine

app = typer.Typer(
    name="anlan",
    help="安澜: risk early warning for dispute mediation. `anlan COMMAND --help` tells more; --debug shows "
    "tracebacks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Records = Annotated[Path | None, typer.Option("--records", help="Folder of records, one file a table.")]
Store = Annotated[
    str | None, typer.Option("--store", help="Record store; else $ANLAN_STORE, else sqlite:///var/anlan.db.")
]
Encoder = Annotated[
    str,
    typer.Option(
        "--encoder",
        help="What reads the text: ngrams; beside them transformer, a FOLDER or hub name to fine-tune, "
        "or frozen:FOLDER (extra `encoder`).",
    ),
]
Int8 = Annotated[bool, typer.Option("--int8", help="Let a transformer score in int8.")]
Version = Annotated[
    str, typer.Argument(metavar="VERSION", help="3, champion, challenger, or models:/anlan/3.")
]
Track = Annotated[bool, typer.Option("--track/--no-track", help="Log a run in MLflow.")]
Model = Annotated[str, typer.Option("--model", help="Which registered model.")]
Cases = Annotated[Path, typer.Option("--cases", help="CSV or Parquet: dispute_id, as_of.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides: a person.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; stored with the version.")]
Waive = Annotated[
    list[str] | None,
    typer.Option("--waive", metavar="GATE=WHY", help="Let a shut gate not count; stored with the version."),
]
EngineOption = Annotated[Engine, typer.Option("--engine", help="What computes; the numbers are the same.")]
features = typer.Typer(help="The columns that the models read.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(features, name="features")
app.add_typer(audit, name="audit")
app.add_typer(areas, name="areas")


@app.command("demo-district")
def demo_district(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write; must not exist, or be empty.")],
    disputes: Annotated[int, typer.Option("--disputes", min=1, help="How many disputes.")] = 6000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same district.")] = 7,
    end: Annotated[str | None, typer.Option("--end", help="Last day, YYYY-MM-DD; else today.")] = None,
) -> None:
    """Simulate a district: three years of records, and the truth beside them."""
    from pipelines.demo_district import run  # noqa: PLC0415 - each job loads only what it needs

    run(out, disputes=disputes, seed=seed, end=end)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of records.")],
    report: Annotated[Path | None, typer.Option("--report", help="Write the faults here, as CSV.")] = None,
) -> None:
    """Hold a folder against the record contract and name every fault."""
    from pipelines.check import run  # noqa: PLC0415

    run(folder, report=report)


@app.command()
def load(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of records.")],
    store: Store = None,
    reject_rows: Annotated[
        Path | None, typer.Option("--reject-rows", help="Load the sound rows; write the refused ones here.")
    ] = None,
) -> None:
    """Load a folder into a record store: all of it, or nothing."""
    from pipelines.load import run  # noqa: PLC0415

    run(folder, store=store, reject_rows=reject_rows)


@app.command()
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
    )


@app.command()
def retrain(
    store: Store = None,
    schedule: Annotated[
        str | None,
        typer.Option("--schedule", help="Cron fields, Beijing time: '0 3 1 * *' is 03:00 on each first."),
    ] = None,
    encoder: Encoder = DEFAULT_ENCODER,
    seed: Annotated[int, typer.Option("--seed", help="The same seed and records give the same model.")] = 0,
) -> None:
    """Train on all that the store knows, make that the challenger, compare it with the champion."""
    from pipelines.retrain import run  # noqa: PLC0415

    run(store, schedule=schedule, encoder=encoder, seed=seed)


@app.command()
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


@app.command()
def rollback(by: By = None, reason: Reason = None, store: Store = None) -> None:
    """Take the champion back to the version before it."""
    from pipelines.promote import roll_back  # noqa: PLC0415

    roll_back(store, by=by, reason=reason)


@app.command()
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


@app.command()
def shadow(
    store: Store = None,
    model: Annotated[str, typer.Option("--model", help="Which version; else the challenger.")] = "challenger",
) -> None:
    """Let the challenger score what the champion has answered; nobody is shown it."""
    from pipelines.shadow import run  # noqa: PLC0415

    run(store, model=model)


@app.command()
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


@app.command()
def score(
    cases: Cases,
    out: Annotated[Path, typer.Option("--out", help="Parquet: twelve risks a case.")],
    records: Records = None,
    store: Store = None,
    assessments: Annotated[
        Path | None, typer.Option("--assessments", help="JSON lines: the API's own answer for each case.")
    ] = None,
    model: Model = DEFAULT_MODEL,
    engine: EngineOption = Engine.DUCKDB,
) -> None:
    """Score disputes as of moments."""
    from pipelines.score import run  # noqa: PLC0415

    run(records, store, cases=cases, out=out, assessments=assessments, model=model, engine=engine)


@app.command()
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


@app.command()
def visits(
    date: Annotated[str, typer.Option("--date", help="YYYY-MM-DD.")],
    out: Annotated[Path, typer.Option("--out", help="FILE.csv, .xlsx or .html.")],
    store: Store = None,
    worker: Annotated[str | None, typer.Option("--worker", help="One worker; else all.")] = None,
    model: Model = DEFAULT_MODEL,
) -> None:
    """Plan whom each worker visits on a day."""
    from pipelines.visits import run  # noqa: PLC0415

    run(store, date=date, out=out, worker=worker, model=model)


@app.command()
def backup(
    out: Annotated[Path, typer.Option("--out", help="File to write; must not exist.")],
    store: Store = None,
) -> None:
    """Write a backup of the store while the service goes on; `anlan restore` puts it back."""
    from pipelines.backup import take  # noqa: PLC0415

    take(store, out)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of `anlan backup`.")],
    store: Store = None,
) -> None:
    """Put a backup back into an empty store, once its digest and its secret have been checked."""
    from pipelines.backup import put_back  # noqa: PLC0415

    put_back(store, file)


@app.command()
def duplicates(
    records: Records = None,
    store: Store = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV; else stdout.")] = None,
    above: Annotated[float, typer.Option("--above", min=0, max=1, help="The least probability.")] = 0.2,
    until: Annotated[
        str | None, typer.Option("--until", help="See nothing recorded at or after this date or instant.")
    ] = None,
) -> None:
    """List pairs of disputes that may be one, reported twice; nothing is merged."""
    from pipelines.duplicates import run  # noqa: PLC0415

    run(records, store, out=out, above=above, until=until)


@app.command()
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


@features.command("list")
def features_list() -> None:
    """List every feature: name, entity, unit, window, direction, and why it is there."""
    from pipelines.features import list_all  # noqa: PLC0415

    list_all()


@features.command("explain")
def features_explain(name: Annotated[str, typer.Argument(metavar="NAME", help="A feature.")]) -> None:
    """Tell what a feature means, which records it reads, and the reason it gives."""
    from pipelines.features import explain  # noqa: PLC0415

    explain(name)


@features.command("build")
def features_build(
    cases: Cases,
    out: Annotated[Path, typer.Option("--out", help="Folder of Parquet parts; a build is taken up again.")],
    records: Records = None,
    store: Store = None,
    engine: EngineOption = Engine.DUCKDB,
    part_rows: Annotated[int, typer.Option("--part-rows", min=1, help="Cases in a part.")] = PART_ROWS,
    track: Track = True,
) -> None:
    """Compute the features of disputes as of moments."""
    from pipelines.features_build import run  # noqa: PLC0415

    run(records, store, cases=cases, out=out, engine=engine, part_rows=part_rows, track=track)


def _add_registered() -> None:
    """Add the commands of packages that this one must not import (`anlan.commands` entry points)."""
    for found in sorted(entry_points(group="anlan.commands"), key=lambda point: point.name):
        command = found.load()
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=found.name)
        else:
            app.command(found.name)(command)


_add_registered()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    sys.exit(run([word for word in words if word != "--debug"], debug=debug))


def run(words: Sequence[str], *, debug: bool = False) -> int:
    """Run a command and return its exit code."""
    try:
        code = app(args=list(words), prog_name="anlan", standalone_mode=False)
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("stopped\n")
        return 1
    except Exception as error:  # noqa: BLE001 - the outermost door: whatever else ends a command is said here
        return _fail(error, debug=debug)
    return code if isinstance(code, int) else 0


def _fail(error: Exception, *, debug: bool) -> int:
    """Say what ended a command, one line a fault, and give its exit code."""
    if debug:
        traceback.print_exc()
    if isinstance(error, RecordFaults):
        lines, code = [str(fault) for fault in error.faults], 2
    elif isinstance(error, BadInput | TyperException):
        lines, code = [_one_line(error)], 2
    else:
        lines, code = [f"{type(error).__name__}: {_one_line(error)}"], 1
    for line in lines:
        sys.stderr.write(line + "\n")
    return code


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
