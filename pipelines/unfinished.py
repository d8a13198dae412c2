"""Trainings that were stopped: where what they had done is kept, and when it may be taken up."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from docket.faults import BadInput
from docket.times import DAY, now_micros, rfc3339
from models.evaluation import known_until
from models.keeping import Keeping
from pipelines.writing import FolderBusyError, one_writer, whole_file

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

TAKEN_UP: Final = DAY
"""What was begun longer ago is begun anew: whoever trains next week means next week's records."""
_BEGUN: Final = "begun.json"
_ROOT: Final = Path(__file__).resolve().parents[1]
_CODE: Final = ("docket", "features", "models")


@contextmanager
def unfinished(
    work: Path, asked: Mapping[str, Any], snapshot: Snapshot, cut: int | None
) -> Iterator[tuple[int, Keeping]]:
    """The cut of a training and what keeps its stages: those of one that was stopped, if it was the same.

    What is kept goes when the block ends well, and stays when it doesn't.

    Parameters
    ----------
    work
        The folder of all trainings.
    asked
        All else that the model depends on: records, seed, settings. JSON types.
    cut
        As it was asked for; None: as it was when the training began, so that records that have come since
        don't make it another one.

    Raises
    ------
    BadInput
        If the folder can't be written.
    FolderBusyError
        If the same training is running already.
    """
    told = json.dumps({**asked, "cut": cut, "code": _code(), "with": _installed()}, sort_keys=True)
    folder = work / hashlib.sha256(told.encode()).hexdigest()[:20]
    try:
        _make_way(work, folder)
    except OSError as error:
        raise BadInput(f"--work {work}: {error.strerror or error}") from error
    keep = Keeping(folder)
    with one_writer(folder):
        begun = _begun(folder, snapshot)
        if begun is None:
            _clear(folder)
            begun = cut if cut is not None else known_until(snapshot)
            stated = {"cut": begun, "data_digest": snapshot.until(begun).digest, "begun": now_micros()}
            with whole_file(folder / _BEGUN) as draft:
                draft.write_text(json.dumps(stated), encoding="utf-8")
        elif keep.holds_something:
            sys.stderr.write(f"going on with what was stopped, of records until {rfc3339(begun)}\n")
        try:
            yield begun, keep
        except BaseException:
            if not keep.holds_something:
                shutil.rmtree(folder)
            raise
        shutil.rmtree(folder)


def checkpoint(words: str) -> list[list[Any]]:
    """What names the contents of a folder that `--encoder` names: files, sizes, times."""
    folder = Path(words.removeprefix("frozen:"))
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [[file.name, (state := file.stat()).st_size, state.st_mtime_ns] for file in files]


def _make_way(work: Path, folder: Path) -> None:
    """Have the folder, which is nobody else's, and drop those that nobody will take up."""
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in work.iterdir():
        if old != folder and now_micros() - old.stat().st_mtime_ns // 1_000 > TAKEN_UP:
            with suppress(FolderBusyError, NotADirectoryError), one_writer(old):
                shutil.rmtree(old)
    folder.mkdir(mode=0o700, exist_ok=True)


def _begun(folder: Path, snapshot: Snapshot) -> int | None:
    """The cut of what was begun there, if it can be taken up."""
    try:
        stated = json.loads((folder / _BEGUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    cut = int(stated["cut"])
    late = now_micros() - stated["begun"] > TAKEN_UP
    return None if late or snapshot.until(cut).digest != stated["data_digest"] else cut


def _clear(folder: Path) -> None:
    for held in folder.iterdir():
        shutil.rmtree(held) if held.is_dir() else held.unlink()


@cache
def _code() -> str:
    """SHA-256 of all that computes."""
    found = hashlib.sha256()
    for package in _CODE:
        for file in sorted((_ROOT / package).rglob("*.py")):
            found.update(f"{file.relative_to(_ROOT)}\n".encode() + file.read_bytes())
    return found.hexdigest()


@cache
def _installed() -> list[str]:
    """Every package and its version, the interpreter, the machine: another one's numbers differ."""
    held = sorted(f"{one.metadata['Name']}=={one.version}" for one in distributions())
    return [*held, platform.python_version(), platform.machine()]
