"""A tiny BERT in Hugging Face format, tokenizer included, as a folder; and texts for encoders to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.corpus import Clause, Corpus
from models.encoders.base import Lessons
from models.targets import RISK_COLUMNS

PLAIN = ["欠货款两年未付", "双方同意调解", "楼上漏水", "夜间噪音扰民", "希望尽快解决", "物业费纠纷"]
THREATS = ["威胁说要同归于尽", "扬言要砍人", "手持菜刀堵门"]


def analyzer(text: str) -> list[Clause]:
    return [
        Clause(
            part.removeprefix("没有"),
            polarity="denied" if part.startswith("没有") else "",
            cue=part in THREATS,
            mention=part.startswith("没有"),
        )
        for part in text.split("，")
        if part
    ]


def read(texts: list[str]) -> Corpus:
    return Corpus.read(texts, analyzer)


def lessons(n: int = 400, seed: int = 0) -> tuple[Corpus, Lessons]:
    """Texts of which threats come to harm, a third of them not labelled yet."""
    rng = np.random.default_rng(seed)
    texts, harm, cues = [], [], []
    for _ in range(n):
        parts = list(rng.choice(PLAIN, 2, replace=False))
        threat = rng.random() < 0.3
        if threat:
            parts.append(str(rng.choice(THREATS)))
        elif rng.random() < 0.3:
            parts.append("没有" + str(rng.choice(THREATS)))
        texts.append("，".join(parts))
        harm.append(float(rng.random() < (0.5 if threat else 0.03)))
        cues.append([float(threat), float(parts[-1].startswith("没有"))])
    within = np.tile(np.array(harm)[:, None], (1, len(RISK_COLUMNS)))
    within[rng.random(n) < 0.3] = np.nan
    known = np.isfinite(within[:, 0])
    events = np.where(known, harm, 0.0)
    return read(texts), Lessons(within, events, np.where(known, 0.1, 0.0), np.array(cues), np.ones(n))


def make_tiny_bert(folder: Path) -> Path:
    """Two layers of width 32 with random weights and a Chinese WordPiece tokenizer, saved as the hub's are."""
    import tokenizers
    import torch
    import transformers

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    characters = sorted(set("".join([*PLAIN, *THREATS])) - set("堵"))
    vocabulary = {token: place for place, token in enumerate([*special, "|", *characters])}
    wordpiece = tokenizers.BertWordPieceTokenizer(vocab=vocabulary)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=wordpiece._tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=40,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(5)
        transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
