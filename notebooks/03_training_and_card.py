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
# # 03 Training, and reading the card
#
# `anlan train` does this and registers the result. Two models are fitted: one that hasn't seen the last matured
# quarter, for calibration, colours and the figures; and the final one, on everything.

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
import pandas as pd
from IPython.display import Image, Markdown, display

from docket.snapshot import Snapshot
from docket.times import DAY
from models.card import render_card
from models.evaluation import known_until
from models.fit import train
from models.packaging import held_out_plots

snapshot = Snapshot.from_folder(records)
cut = known_until(snapshot) - 120 * DAY
trained = train(snapshot, cut, seed=0)
info = trained.report["info"]
{
    name: info[name]
    for name in ("trained_until", "disputes", "harmed_disputes", "query_points", "reporting_delay_days")
}

# %% [markdown]
# ## On the held-out quarter
#
# A dozen harms say little, and the intervals say how little.

# %%
figures = pd.DataFrame(trained.report["figures"])
main = figures.query("target == 'escalation' and horizon_days == 90").set_index("metric")
main[["value", "low", "high", "n", "n_pos"]].round(3)

# %%
held_out = held_out_plots(trained)
for name in ("reliability_90", "precision_recall"):
    if name in held_out:
        display(Image(held_out[name]))

# %% [markdown]
# ## What more records would bring, and how early a colour is
#
# The curve is of models that were taught by the latest part of the records alone. Lead times are of the disputes that came to
# harm: grey is harm that nobody was told of by a yellow or red.

# %%
pd.DataFrame(trained.report["lead_times"])

# %%
for name in ("learning_curve", "lead_times"):
    if name in held_out:
        display(Image(held_out[name]))

# %% [markdown]
# ## What adds to a risk
#
# The columns that move the held-out cases most, in logits.

# %%
scorer = trained.scorer
from features.frame import feature_frame
from features.sources import DuckSource
from models.examples import intakes

late = intakes(snapshot, known_until(snapshot))
late = late[late["intake"] >= cut].tail(300)
frame = feature_frame(DuckSource(snapshot), late["dispute_id"].tolist(), late["intake"].to_numpy("int64"))
weight = scorer.explain(frame).abs().mean().sort_values().tail(15)
axes = weight.plot.barh(
    figsize=(8, 4.4), color="#b5532a", xlabel="mean distance from the average case, logits"
)
axes.figure.tight_layout()
plt.show()

# %% [markdown]
# ## The card
#
# It goes with the version wherever it goes: MLflow shows it, and `GET /v1/models/current` answers it.

# %%
Markdown(render_card(trained))
