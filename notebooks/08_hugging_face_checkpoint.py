# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 Bringing a Hugging Face checkpoint
#
# `anlan train --encoder FOLDER` fine-tunes any encoder in Hugging Face format, or leaves it as it is with `frozen:FOLDER`; a hub
# name takes the same path. Name one in `ANLAN_CHECKPOINT`. Without it this notebook builds a tiny random BERT, so that every
# step can be seen without a download: what it scores means nothing.

# %%
import os
from pathlib import Path

# the folder that `make demo` fills, or another with `records*` and `mlruns` in it
demo = Path(os.environ.get("ANLAN_DEMO", "../demo")).resolve()
records = max(path for path in demo.glob("records*") if path.is_dir())
os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{demo}/mlruns/mlflow.db")
_ = os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

# %%
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import tokenizers
import torch
import transformers

from docket.snapshot import Snapshot
from models.encoders.catalogue import encoder_named, load_encoder
from models.evaluation import known_until

torch.set_num_threads(2)
transformers.utils.logging.disable_progress_bar()
folder = Path(tempfile.mkdtemp())


def tiny_bert(texts, folder):
    """Two layers of width 32 with random weights and a character tokenizer, saved as the hub's are."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {token: place for place, token in enumerate([*special, *sorted(set("".join(texts)))])}
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizers.BertWordPieceTokenizer(vocab=vocabulary)._tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    torch.manual_seed(5)
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


snapshot = Snapshot.from_folder(records)
narratives = snapshot.tables["disputes"].to_pandas()["text"].dropna().head(600).tolist()
checkpoint = os.environ.get("ANLAN_CHECKPOINT") or tiny_bert(narratives, folder / "tiny")
sorted(path.name for path in Path(checkpoint).iterdir()) if Path(checkpoint).is_dir() else checkpoint

# %% [markdown]
# ## As it is
#
# A frozen encoder reads clauses and learns only a small head.

# %%
from models.encoders.base import Lessons
from models.fit import gather

cut = known_until(snapshot)
material = gather(snapshot, cut, seed=0)
lessons = Lessons.of(material.labels, material.inputs.cues, material.weight)
corpus = material.inputs.corpus
encoder = encoder_named(f"frozen:{checkpoint}").fit(corpus, lessons)
columns = encoder.encode(corpus)
columns.shape, encoder.columns

# %%
harmed = material.labels.within("escalation", 90)
known = np.isfinite(harmed)
figure, axes = plt.subplots(figsize=(7, 3.2))
for value, name, colour in ((0, "no harm", "grey"), (1, "harm within 90 days", "#b5532a")):
    axes.hist(
        columns[known & (harmed == value), 0], bins=40, density=True, alpha=0.6, label=name, color=colour
    )
axes.set(xlabel=f"column {encoder.columns[0]}, seen in training", ylabel="density")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Saved, and read again from the folder alone
#
# Nothing of the checkpoint's own folder is needed any more, and no class is pickled.

# %%
encoder.save(folder / "saved")
again = load_encoder(folder / "saved")
np.testing.assert_allclose(again.encode(corpus), columns, atol=1e-5)
sorted(path.name for path in (folder / "saved").rglob("*"))

# %% [markdown]
# ## Fine-tuned, in a model
#
# From a terminal, with the same folder or a hub name, on a GPU where there is one:
#
#     anlan train --store URL --encoder FOLDER
#
# The encoder is fitted out of fold by time wherever another model reads it, and the card names it.
