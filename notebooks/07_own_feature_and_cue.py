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
# # 07 A feature and a cue of your own
#
# A feature is one declaration; the engine decides what was known. Here one is tried beside the catalogue before it is
# added to a file of `features/catalogue/`, where the conformance suite takes it up.

# %%
import os
from pathlib import Path

# the folder that `make demo` fills, or another with `records*` and `mlruns` in it
demo = Path(os.environ.get("ANLAN_DEMO", "../demo")).resolve()
records = max(path for path in demo.glob("records*") if path.is_dir())
os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{demo}/mlruns/mlflow.db")
_ = os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from docket.snapshot import Snapshot
from docket.text import prepare
from features.cues import CUES, tag
from features.cues.declaration import Cue
from features.declarations import Feature
from features.engine import compute
from features.sources import DuckSource
from features.streams import STREAMS
from features.vocabulary import Aggregate, Entity
from models.evaluation import known_until
from models.examples import intakes
from models.targets import labels, reporting_delay

sorted(STREAMS)

# %% [markdown]
# ## A feature
#
# How many warning letters or protection orders this dispute has seen. `compute` takes another catalogue for a trial.

# %%
mine = Feature(
    name="own_warnings_ever",
    stream="case_events",
    entity=Entity.DISPUTE,
    aggregate=Aggregate.COUNT,
    where=frozenset({"warning_letter", "protection_order"}),
    unit="次",
    missing="never: a dispute without any has 0",
    monotone=0,
    phrase="本纠纷已发出{n}次告诫书或保护令",
    why="an order on paper says both that danger was seen and that something was done; a trial",
)
snapshot = Snapshot.from_folder(records)
end = known_until(snapshot)
taken = intakes(snapshot, end)
as_of = taken["intake"].to_numpy(np.int64) + 30 * 86_400_000_000
kept = as_of < end
ids, as_of = taken.loc[kept, "dispute_id"].tolist(), as_of[kept]
values = compute(DuckSource(snapshot), ids, as_of, features=[mine])[mine.name]
values.value_counts().sort_index().rename("disputes, a month after intake").to_frame()

# %% [markdown]
# Does it go with harm afterwards? Labels count only once they have matured.

# %%
harmed = labels(snapshot, ids, as_of, end, reporting_delay(snapshot, end)).within("escalation", 90)
table = pd.DataFrame({"warnings": values.clip(upper=2), "harmed": harmed}).dropna()
rate = table.groupby("warnings")["harmed"].agg(["mean", "count"])
spread = 1.96 * np.sqrt(rate["mean"] * (1 - rate["mean"]) / rate["count"])
figure, axes = plt.subplots(figsize=(5, 3.2))
axes.bar(rate.index.astype(int).astype(str), rate["mean"], yerr=spread, capsize=4, color="#b5532a")
axes.set(xlabel="warnings so far (2: two or more)", ylabel="harm within 90 days")
figure.tight_layout()
plt.show()

# %% [markdown]
# And what staff would read, were it among the reasons:

# %%
mine.describe(2.0)

# %% [markdown]
# ## A cue
#
# Definition, instrument, patterns over one clause, examples and counter-examples. Polarity is read around the match, so a
# pattern never says how it is meant.

# %%
burned = Cue(
    name="trial_burned_belongings",
    title="烧毁物品",
    definition="belongings of the other side were burned, or that was threatened",
    instrument="DASH 2009, damage to property; a trial",
    points=1.0,
    patterns=(r"(?:烧|点燃|焚毁)了?(?:对方|她的|他的)?(?:衣物|衣服|家具|被褥|证件)",),
    examples=("男方烧了她的衣服",),
    counter_examples=("冬季烧柴取暖",),
)
assert all(burned.pattern.search(text) for text in burned.examples)
assert not any(burned.pattern.search(text) for text in burned.counter_examples)
texts = snapshot.tables["disputes"].to_pandas()["text"].dropna()
len(CUES), int(texts.str.contains(burned.pattern.pattern).sum()), len(texts)

# %% [markdown]
# How the catalogue's own cues read a text, with polarity:

# %%
text = prepare("男方多次殴打女方，扬言要同归于尽，但女方称从未受伤。").text
pd.DataFrame(
    [(found.cue, found.polarity, text[found.start : found.end]) for found in tag(text)],
    columns=["cue", "polarity", "words"],
)
