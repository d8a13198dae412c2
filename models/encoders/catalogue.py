"""The members, and how `--encoder` names one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from models.encoders.base import Encoder, read_state
from models.encoders.frozen import FrozenEncoder
from models.encoders.ngrams import NgramEncoder
from models.encoders.transformer import TransformerEncoder

MEMBERS: Final[Mapping[str, type[Encoder]]] = {
    member.name: member for member in (NgramEncoder, TransformerEncoder, FrozenEncoder)
}
DEFAULT: Final = NgramEncoder.name
_FROZEN: Final = "frozen:"


def encoder_named(words: str, seed: int = 0, *, int8: bool = False) -> Encoder | None:
    """The encoder that `--encoder` asks for beside the n-grams, which every model reads; None for them alone.

    Parameters
    ----------
    words
        `ngrams`; `transformer` for the small one; a folder or hub name to be fine-tuned; `frozen:` before
        one that is to be left as it is.
    int8
        Score in int8; only a transformer does.

    Raises
    ------
    ValueError
        If the words name nothing, or int8 is asked of a member that can't.
    """
    if not words.removeprefix(_FROZEN).strip():
        raise ValueError(f"--encoder {words!r} names no encoder")
    if int8 and (words == DEFAULT or words.startswith(_FROZEN)):
        raise ValueError(f"--int8 is for a transformer, not for {words}")
    if words == DEFAULT:
        return None
    if words.startswith(_FROZEN):
        return FrozenEncoder(seed, base=words.removeprefix(_FROZEN))
    return TransformerEncoder(seed, base=None if words == TransformerEncoder.name else words, int8=int8)


def load_encoder(folder: Path) -> Encoder:
    """Read a saved encoder, whichever member it is."""
    return MEMBERS[read_state(folder)["name"]].load(folder)
