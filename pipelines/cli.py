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
from pipelines.defaults import DEFAULT_MODEL, PART_ROWS, Engine
from pipelines.model_commands import models
from pipelines.options import Cases, EngineOption, Model, Records, Store, Track

app = typer.Typer(
    name="anlan",
    help="安澜: risk early warning for dispute mediation. `anlan COMMAND --help` tells more; --debug shows "
    "tracebacks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

features = typer.Typer(help="The columns that the models read.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(features, name="features")
app.add_typer(audit, name="audit")
app.add_typer(areas, name="areas")
app.add_typer(models)


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
    text: Annotated[
        bool,
        typer.Option(
            "--text", help="The masked texts too, as a model reads them; for the owner's eyes only."
        ),
    ] = False,
    track: Track = True,
) -> None:
    """Compute the features of disputes as of moments."""
    from pipelines.features_build import run  # noqa: PLC0415

    run(records, store, cases=cases, out=out, engine=engine, part_rows=part_rows, text=text, track=track)


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
