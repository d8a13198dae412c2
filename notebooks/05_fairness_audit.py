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
# # 05 The audit by group
#
# Each training audits itself by sex, age, street, door and kind on its held-out quarter. No model reads sex or age. A breach is a
# ratio whose interval, at a level that allows for how many are looked at, lies beyond 1.25 either way; it shuts the gate
# `fairness`.

# %%
import os
from pathlib import Path

# the folder that `make demo` fills, or another with `records*` and `mlruns` in it
demo = Path(os.environ.get("ANLAN_DEMO", "../demo")).resolve()
records = max(path for path in demo.glob("records*") if path.is_dir())
os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{demo}/mlruns/mlflow.db")
_ = os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

# %%
import json

import matplotlib.pyplot as plt
import mlflow
import pandas as pd

from models import registry

found = registry.find()
report = json.loads(
    Path(mlflow.artifacts.download_artifacts(run_id=found.run_id, artifact_path="report.json")).read_text()
)
audit = report["audit"]
audit["breaches"], f"{audit['checks']} checks, {audit['small']} groups too small to show"

# %%
rows = pd.DataFrame(audit["rows"])
rows.head()

# %% [markdown]
# ## Observed over expected harm
#
# 1 is right; above it a group is in more danger than its risks say. Grey intervals hold 1.

# %%
told = rows[["attribute", "group", "n", "calibration"]].copy()
told = told.join(pd.json_normalize(told.pop("calibration")).set_index(told.index))
told = told[told["value"].notna()].reset_index(drop=True)
figure, axes = plt.subplots(figsize=(8, 0.27 * len(told) + 1))
for place, row in told.iterrows():
    low, high = row["low"], row["high"]
    colour = "grey" if low <= 1 <= high else "#b5532a"
    axes.plot([max(low, 0.02), min(high, 50)], [place, place], color=colour, linewidth=1.5)
    axes.plot(max(row["value"], 0.02), place, "o", color=colour, markersize=4)
axes.axvline(1, linestyle=":", color="black", linewidth=0.8)
axes.set_yticks(
    range(len(told)), [f"{row.attribute}: {row.group} ({row.n})" for row in told.itertuples()], fontsize=8
)
axes.set(xscale="log", xlabel="observed over expected harm")
axes.invert_yaxis()
figure.tight_layout()
plt.show()

# %% [markdown]
# ## Who gets a slip
#
# Rates by group. Groups differ in harm, so they may differ here; the audit asks whether the *harmed* are missed more often.

# %%
rows[["attribute", "group", "n", "selection_rate", "false_negative_rate", "false_positive_rate"]].round(
    3
).head(20)

# %% [markdown]
# ## What if one street reports less?
#
# The street with most cases is scored once more on records from which 30 % of its other rows are left out.

# %%
audit["underreporting"]
