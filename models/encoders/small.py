"""The default body: a small character-level BERT, pre-trained on the district's own clauses.

References
----------
Devlin, J. et al. (2019), BERT: pre-training of deep bidirectional transformers for language understanding.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.encoders.base import Progress
from models.encoders.bodies import LONGEST, SPECIAL, Body, best_device, needed, tokens

BASE: Final = "small character-level BERT"


@dataclass(frozen=True)
class SmallSettings:
    """Size of the body, and how long it is pre-trained.

    Attributes
    ----------
    layers, width, heads
        Of the network; the inner width is four times `width`.
    least
        A character that fewer distinct clauses hold is unknown.
    steps, batch
        Pre-training steps, and clauses in each.
    rate
        Peak learning rate.
    masked
        Share of characters to be guessed.
    seconds
        A fuse: pre-training that takes longer stops and says so. Where it blows, a slower machine gives
        other numbers, so it lies far above what the steps take.
    """

    layers: int = 4
    width: int = 128
    heads: int = 4
    least: int = 2
    steps: int = 200
    batch: int = 64
    rate: float = 1e-3
    masked: float = 0.15
    seconds: float = 600.0


def tokenizer_of(texts: Sequence[str], least: int) -> Any:
    """A tokenizer in Hugging Face format with a token for each character of the texts."""
    tokenizers, transformers = needed("tokenizers"), needed("transformers")
    counts = Counter(character for text in texts for character in set(text))
    characters = sorted(character for character, count in counts.items() if count >= least)
    vocabulary = {token: place for place, token in enumerate([*SPECIAL, *characters])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    each = tokenizers.pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), behavior="isolated")
    made.pre_tokenizer = each
    ends = [(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")]
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    names = {f"{token[1:-1].lower()}_token": token for token in SPECIAL}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=LONGEST, **names)


def pretrained(
    texts: Sequence[str], settings: SmallSettings, seed: int, progress: Progress | None = None
) -> tuple[Body, dict[str, Any]]:
    """A body that has learned to guess masked characters of clauses, and what that took.

    Parameters
    ----------
    texts
        Distinct clauses as `bodies.reading` gives them.
    """
    torch, transformers = needed("torch"), needed("transformers")
    tokenizer = tokenizer_of(texts, settings.least)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=4 * settings.width,
        max_position_embeddings=LONGEST,
        type_vocab_size=1,
        pad_token_id=0,
    )
    began, device, done = time.perf_counter(), best_device(), 0
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.BertForMaskedLM(config).to(device).train()
        body = Body(model.bert, tokenizer, BASE)
        optimiser = torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=0.01)
        plan = schedule(torch, optimiser, settings.steps)
        for step in range(settings.steps if len(texts) else 0):
            if time.perf_counter() - began > settings.seconds:
                break
            rows = rng.integers(0, len(texts), settings.batch)
            read = tokens(body, [texts[row] for row in rows], device)
            wanted = _mask(torch, read, len(tokenizer), settings.masked)
            loss = model(**read, labels=wanted).loss
            if bool(torch.isfinite(loss)):
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
            optimiser.zero_grad()
            plan.step()
            done = step + 1
            if progress is not None:
                progress(done, settings.steps)
    took = {
        "pretraining_steps": done,
        "pretraining_seconds": round(time.perf_counter() - began, 1),
        "pretraining_stopped_early": done < settings.steps,
        "characters": len(tokenizer) - len(SPECIAL),
    }
    model.bert.eval()
    return body, took


def _mask(torch: Any, read: Any, size: int, share: float) -> Any:
    """Hide some tokens in place (80 % masked, 10 % other, 10 % as they were); what was there, else -100."""
    ids = read["input_ids"]
    # drawn on the CPU, so that a GPU hides the same ones
    draw, kind = torch.rand(ids.shape).to(ids.device), torch.rand(ids.shape).to(ids.device)
    other = torch.randint(len(SPECIAL), max(size, len(SPECIAL) + 1), ids.shape).to(ids.device)
    chosen = (draw < share) & ((ids >= len(SPECIAL)) | (ids == SPECIAL.index("[UNK]")))
    wanted = torch.where(chosen, ids, -100)
    hidden = torch.where(kind < 0.8, SPECIAL.index("[MASK]"), torch.where(kind < 0.9, other, ids))
    read["input_ids"] = torch.where(chosen, hidden.clamp(max=size - 1), ids)
    return wanted


def schedule(torch: Any, optimiser: Any, steps: int) -> Any:
    """A tenth of the steps up, the rest down to nothing."""
    up = max(steps // 10, 1)
    return torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / up, max((steps - step) / max(steps - up, 1), 0.0))
    )
