"""Fine-tuning of a body on all targets, horizons and cues together."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus
from models.encoders.base import Lessons, Progress
from models.encoders.bodies import Body, best_device, needed, pooled, reading, tokens
from models.encoders.small import schedule
from models.targets import RISK_COLUMNS


@dataclass(frozen=True)
class TuningSettings:
    """How a body is fine-tuned.

    Attributes
    ----------
    steps, batch
        Steps, and texts in each; half of them were followed by harm.
    rate, head_rate
        Peak learning rates of the body and of the heads.
    cues
        Weight of the cues' loss beside the targets'.
    decay
        Weight decay of the heads, which learn from few harms.
    seconds
        A fuse, as in `models.encoders.small`.
    """

    steps: int = 150
    batch: int = 16
    rate: float = 5e-4
    head_rate: float = 2e-3
    cues: float = 4.0
    decay: float = 0.1
    seconds: float = 900.0


def signed(torch: Any, raw: Any, cue: Any, mention: Any) -> Any:
    """Contributions with their signs kept: at or above 0 for a cue asserted, at or below for one mentioned.

    Smooth, so that a clause on the wrong side still learns; the same in training and in use.
    """
    soft = torch.nn.functional.softplus
    return torch.where(cue[:, None], soft(raw), torch.where(mention[:, None], -soft(-raw), raw))


def tuned(
    body: Body,
    corpus: Corpus,
    lessons: Lessons,
    settings: TuningSettings,
    seed: int,
    progress: Progress | None,
) -> tuple[Body, dict[str, Any], dict[str, Any]]:
    """A copy of the body that has learned the lessons, its heads' weights, and what that took.

    Returns
    -------
    Body, dict, dict
        The heads are `targets` (12, width) and `cues` (c, width), torch tensors; a clause's contribution
        has no intercept of its own, for a text is a sum.
    """
    torch = needed("torch")
    began, device, done = time.perf_counter(), best_device(), 0
    harmed = np.flatnonzero((lessons.within == 1).any(axis=1) & (lessons.weight > 0))
    chance = lessons.weight / lessons.weight.sum()
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = copy.deepcopy(body.model).to(device).train()
        copied = Body(model, body.tokenizer, body.base)
        heads = {
            "targets": torch.nn.Linear(body.width, len(RISK_COLUMNS), bias=False).to(device),
            "cues": torch.nn.Linear(body.width, lessons.cues.shape[1], bias=False).to(device),
        }
        bias = {
            name: torch.tensor(_log_odds(y, lessons.weight), dtype=torch.float32, device=device)
            for name, y in (("targets", lessons.within), ("cues", lessons.cues > 0))
        }
        groups = [
            {"params": model.parameters(), "lr": settings.rate, "weight_decay": 0.01},
            {
                "params": [*(p for head in heads.values() for p in head.parameters())],
                "lr": settings.head_rate,
                "weight_decay": settings.decay,
            },
        ]
        optimiser = torch.optim.AdamW(groups)
        plan = schedule(torch, optimiser, settings.steps)
        for step in range(settings.steps):
            if time.perf_counter() - began > settings.seconds:
                break
            half = settings.batch // 2 if len(harmed) else 0
            chosen = [rng.choice(len(chance), settings.batch - half, p=chance)]
            if half:
                chosen.append(rng.choice(harmed, half))
            rows = np.concatenate(chosen)
            loss = _loss(torch, copied, heads, bias, corpus, lessons, rows, settings.cues, device)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for g in groups for p in g["params"]], 1.0)
            optimiser.step()
            optimiser.zero_grad()
            plan.step()
            done = step + 1
            if progress is not None:
                progress(done, settings.steps)
    took = {
        "tuning_steps": done,
        "tuning_seconds": round(time.perf_counter() - began, 1),
        "tuning_stopped_early": done < settings.steps,
        "device": device,
    }
    model.eval()
    weights = {name: head.weight.detach().cpu().clone() for name, head in heads.items()}
    return copied, weights, took


def _loss(
    torch: Any,
    body: Body,
    heads: dict[str, Any],
    bias: dict[str, Any],
    corpus: Corpus,
    lessons: Lessons,
    rows: NDArray[np.int64],
    cues: float,
    device: str,
) -> Any:
    member = corpus.member[rows]
    held, place = np.unique(member.indices, return_inverse=True)
    owner = torch.tensor(np.repeat(np.arange(len(rows)), np.diff(member.indptr)), device=device)
    place = torch.tensor(place, device=device)
    clauses = [corpus.clauses[column] for column in held]
    vectors = pooled(body.model, tokens(body, [reading(clause) for clause in clauses], device))
    vectors = torch.nn.functional.dropout(vectors, 0.1)
    flags = [
        torch.tensor([getattr(clause, name) for clause in clauses], device=device)
        for name in ("cue", "mention")
    ]
    total = 0.0
    wanted = {"targets": lessons.within[rows], "cues": (lessons.cues[rows] > 0).astype(float)}
    for name, head in heads.items():
        each = signed(torch, head(vectors), *flags) if name == "targets" else head(vectors)
        sums = torch.zeros(len(rows), each.shape[1], device=device).index_add(0, owner, each[place])
        y = torch.tensor(wanted[name], dtype=torch.float32, device=device)
        known = torch.isfinite(y)
        each_loss = torch.nn.functional.binary_cross_entropy_with_logits(
            sums + bias[name], torch.where(known, y, 0.0), reduction="none"
        )
        part = (each_loss * known).sum() / known.sum().clamp(min=1)
        # a text holds a few of the many cues: their loss is a sum over cues, the targets' a mean
        total = total + part * (1.0 if name == "targets" else cues * each.shape[1] / 12)
    return total


def _log_odds(y: NDArray[Any], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log odds of each column, with one case of either kind added."""
    known = np.isfinite(y.astype(float))
    w = weight[:, None] * known
    yes = (w * np.where(known, y, 0)).sum(0)
    return np.asarray(np.log((yes + 0.5) / (w.sum(0) - yes + 0.5)))
