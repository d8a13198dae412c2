"""Vectors of clauses to scores of texts, with the signs that every encoder keeps; int8 for serving."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus
from models.encoders.base import over_clauses
from models.encoders.bodies import BATCH, Body, embed, needed, reading, used_clauses
from models.encoders.tuning import signed

Array = NDArray[np.float64]


def contributions(body: Body, targets: Any, corpus: Corpus, size: int = BATCH) -> Array:
    """What each clause adds to each target's score, shape (clauses, k); 0 for clauses that no text holds.

    Parameters
    ----------
    targets
        The heads' weights, tensor of shape (k, width).
    """
    torch = needed("torch")
    used = used_clauses(corpus)
    answer = np.zeros((len(corpus.clauses), targets.shape[0]))
    if len(used):
        clauses = [corpus.clauses[place] for place in used]
        vectors = torch.from_numpy(embed(body, [reading(clause) for clause in clauses], size=size))
        flags = [torch.tensor([getattr(clause, name) for clause in clauses]) for name in ("cue", "mention")]
        answer[used] = signed(torch, vectors @ targets.T, *flags).double().numpy()
    return answer


def scores(corpus: Corpus, each: Array, worst: int) -> Array:
    """Sums over clauses of all targets, then the worst clause by the target at `worst`: shape (n, k + 1)."""
    return np.column_stack([over_clauses(corpus, each), corpus.over_clauses(each[:, worst])[:, 1]])


def quantised(body: Body) -> Body:
    """The body with its linear layers in int8: weights for good, activations as they come.

    The scale of activations is that of whatever is run together, so an int8 body must be given one clause at
    a time for a case to have the same score alone and in a batch.
    """
    torch = needed("torch")
    with warnings.catch_warnings():
        # deprecated in favour of torchao, another package; the extra pins the torch that still has it
        warnings.simplefilter("ignore")
        model = torch.ao.quantization.quantize_dynamic(
            copy.deepcopy(body.model).to("cpu"), {torch.nn.Linear}, dtype=torch.qint8
        )
    return Body(model.eval(), body.tokenizer, body.base)


def cue_sums(body: Body, cues: Any, corpus: Corpus, size: int = BATCH) -> Array:
    """What a text's clauses say of each cue, log odds beside a text that says nothing; shape (n, c).

    Parameters
    ----------
    cues
        The heads' weights, tensor of shape (c, width).
    """
    torch = needed("torch")
    used = used_clauses(corpus)
    answer = np.zeros((len(corpus.clauses), cues.shape[0]))
    if len(used):
        vectors = embed(body, [reading(corpus.clauses[place]) for place in used], size=size)
        answer[used] = (torch.from_numpy(vectors) @ cues.T).double().numpy()
    return over_clauses(corpus, answer)
