"""A model version is taken into use only if it is whole and answers as it did when it was trained."""

from __future__ import annotations

from pathlib import Path

from mlflow.models import Model

from models import golden, registry
from models.encoders.base import EncoderMissingError
from models.golden import GoldenCasesDifferError
from models.registry import Found
from models.scorer import Scorer, ScorerMismatchError

_TELLING = (ScorerMismatchError, GoldenCasesDifferError, EncoderMissingError)
"""Whose messages are our own words."""


class BrokenModelError(ValueError):
    """A version that can't be used, and never will be as it is; the message says what is wrong with it."""


def take_up(found: Found, threads: int = 1) -> Scorer:
    """Download a version, read it, and hold it against what was logged with it.

    Raises
    ------
    BrokenModelError
        If it isn't whole, is of another feature catalogue, has another signature, or answers otherwise.
    models.registry.NoSuchModelError, mlflow.exceptions.MlflowException, OSError
        If it can't be downloaded or read now: nothing is where the registry says, nobody answers there, or
        this machine has no room for it.
    """
    with registry.fetched(found) as folder:
        held = registry.held_in(folder, found)
        try:
            scorer = Scorer.load(held).with_threads(threads)
            _check_signature(scorer, folder)
            golden.check(scorer, held)
        except _TELLING as error:
            raise BrokenModelError(str(error)) from error
        except FileNotFoundError as error:
            # by its name alone: the folder is a temporary one
            raise BrokenModelError(f"{Path(error.filename or 'a file').name} is missing") from error
        except (OSError, MemoryError, BrokenModelError):
            raise  # a full disk, say: it may be read in a moment
        except Exception as error:
            raise BrokenModelError(f"it can't be read ({type(error).__name__})") from error
    return scorer


def _check_signature(scorer: Scorer, folder: Path) -> None:
    stated = Model.load(str(folder)).signature
    if stated != registry.signature(scorer):
        raise BrokenModelError("its MLflow signature isn't that of the model")
