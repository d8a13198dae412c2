"""Options that several commands take, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.defaults import Engine

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
Work = Annotated[
    Path,
    typer.Option("--work", help="Where what is done is kept, so that the same command goes on after a stop."),
]
EngineOption = Annotated[Engine, typer.Option("--engine", help="What computes; the numbers are the same.")]
