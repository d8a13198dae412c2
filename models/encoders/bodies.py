"""Bodies in Hugging Face format: made small, read from a folder or the hub, and run over clauses.

torch and transformers are imported when a body is first needed, never with the module.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.corpus import Clause, Corpus
from models.encoders.base import EncoderMissingError

LONGEST: Final = 64
"""Tokens of a clause that are read; a clause of a narrative has a dozen."""
BATCH: Final = 256
SPECIAL: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
MARKS: Final = {"denied": "否", "unreal": "虚"}
"""How a clause's polarity is told to a body, which reads nothing but characters."""


def needed(name: str) -> Any:
    """A module of the extra `encoder`.

    Raises
    ------
    EncoderMissingError
        If it isn't installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise EncoderMissingError(
            f"this text encoder needs {name}, of the extra `encoder`: pip install '.[encoder]' in the "
            "folder of anlan's source"
        ) from error


@dataclass(frozen=True)
class Body:
    """A network that gives every token a vector, with its tokenizer.

    Attributes
    ----------
    model
        A `transformers` model with `last_hidden_state`.
    tokenizer
        Its fast tokenizer.
    base
        Where it came from.
    """

    model: Any
    tokenizer: Any
    base: str

    @property
    def width(self) -> int:
        """Length of a clause's vector."""
        return int(self.model.config.hidden_size)

    @property
    def size(self) -> int:
        """Its parameters."""
        return sum(int(values.numel()) for values in self.model.parameters())

    def save(self, folder: Path) -> None:
        """Write configuration, safetensors and tokenizer as `from_pretrained` reads them."""
        with quiet(needed("transformers")):
            self.model.save_pretrained(str(folder))
            self.tokenizer.save_pretrained(str(folder))


def read_body(base: str, *, offline: bool = False) -> Body:
    """A body by the name of a folder, or of a model on the Hugging Face hub.

    Only safetensors are read: other weight files are pickles, which run code. No code of the hub is run.

    Raises
    ------
    OSError
        If there is no such folder or model, or it holds no safetensors.
    """
    transformers = needed("transformers")
    more = {"local_files_only": offline or Path(base).is_dir(), "trust_remote_code": False}
    with quiet(transformers):
        tokenizer = transformers.AutoTokenizer.from_pretrained(base, use_fast=True, **more)
        model = transformers.AutoModel.from_pretrained(base, use_safetensors=True, **more)
    if getattr(model, "pooler", None) is not None:
        # nothing here reads it, and where a checkpoint lacks it, it would be random
        model.pooler = None
    return Body(model.float().eval(), tokenizer, base)


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """No progress bars and load reports of transformers' own; errors are raised all the same."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def reading(clause: Clause) -> str:
    """A clause as a body reads it: its polarity's mark, then its text."""
    return f"{MARKS.get(clause.polarity, clause.polarity)}|{clause.text}" if clause.polarity else clause.text


def used_clauses(corpus: Corpus) -> NDArray[np.int64]:
    """Places of the clauses that the corpus' texts hold, in order."""
    return np.unique(corpus.member.indices).astype(np.int64)


def by_length(texts: Sequence[str], size: int) -> Iterator[NDArray[np.int64]]:
    """Batches of texts of about the same length."""
    order = np.argsort([len(text) for text in texts], kind="stable")
    yield from (order[start : start + size] for start in range(0, len(order), size))


def tokens(body: Body, texts: Sequence[str], device: str = "cpu") -> Any:
    """Token ids and mask of texts, padded to the longest."""
    longest = min(LONGEST, int(getattr(body.model.config, "max_position_embeddings", LONGEST)))
    read = body.tokenizer(
        list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt",
        return_token_type_ids=False,
    )  # fmt: skip
    return {name: read[name].to(device) for name in ("input_ids", "attention_mask")}


def pooled(model: Any, read: Any) -> Any:
    """The mean of a text's token vectors, shape (n, width)."""
    hidden = model(**read).last_hidden_state
    mask = read["attention_mask"].unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)


def embed(body: Body, texts: Sequence[str], *, size: int = BATCH) -> NDArray[np.float32]:
    """The vectors of texts, shape (n, width), float32."""
    torch = needed("torch")
    device = str(next(body.model.parameters()).device)
    answer = np.zeros((len(texts), body.width), dtype=np.float32)
    with torch.inference_mode():
        for rows in by_length(texts, size):
            read = tokens(body, [texts[row] for row in rows], device)
            answer[rows] = pooled(body.model, read).float().cpu().numpy()
    return answer


def best_device() -> str:
    """A GPU where there is one."""
    return "cuda" if needed("torch").cuda.is_available() else "cpu"
