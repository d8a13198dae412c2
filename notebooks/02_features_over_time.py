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
# # 02 The features of one case over time
#
# A feature is a declaration; one engine computes it for training, for batches and for the single case. Here one
# dispute is asked about at every moment at which something was recorded of it.

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
from features.catalogue import BY_NAME, CATALOGUE
from features.frame import feature_frame
from features.sources import DuckSource
from models.evaluation import known_until
from models.examples import record_points

snapshot = Snapshot.from_folder(records)
points = record_points(snapshot, known_until(snapshot))
busy = points.groupby("dispute_id").size().idxmax()
moments = np.unique(points.loc[points["dispute_id"] == busy, "as_of"].to_numpy(np.int64))
source = DuckSource(snapshot)
frame = feature_frame(source, [busy] * len(moments), moments)
when = pd.to_datetime(moments, unit="us")
frame.shape

# %% [markdown]
# ## What moved
#
# The columns that took most different values, each scaled to its own range.

# %%
table = frame[[feature.name for feature in CATALOGUE]]
moving = table.nunique().sort_values(ascending=False).head(14).index
scaled = (table[moving] - table[moving].min()) / (table[moving].max() - table[moving].min())
figure, axes = plt.subplots(figsize=(9, 4.6))
shown = axes.pcolormesh(
    np.arange(len(moments) + 1), np.arange(len(moving) + 1), scaled.T, cmap="YlOrRd", vmin=0, vmax=1
)
axes.set_yticks(np.arange(len(moving)) + 0.5, moving, fontsize=8)
ticks = np.unique(np.linspace(0, len(moments) - 1, 8).astype(int))
axes.set_xticks(
    ticks + 0.5, [str(when[place].date()) for place in ticks], rotation=30, ha="right", fontsize=8
)
figure.colorbar(shown, label="of the column's range")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## What a column means
#
# `anlan features explain NAME` prints the same from a terminal.

# %%
pd.DataFrame(
    [
        (name, BY_NAME[name].entity.value, BY_NAME[name].unit, BY_NAME[name].missing, BY_NAME[name].why)
        for name in moving[:6]
    ],
    columns=["feature", "entity", "unit", "missing means", "why"],
)

# %% [markdown]
# ## The future changes nothing
#
# Asked about the same moments, records that end in the middle give the same numbers for the first half, bit for bit.

# %%
half = moments[len(moments) // 2]
before = moments[moments < half]
early = feature_frame(DuckSource(snapshot.until(int(half))), [busy] * len(before), before)
pd.testing.assert_frame_equal(early, frame.iloc[: len(before)].reset_index(drop=True), check_exact=True)
len(before)
