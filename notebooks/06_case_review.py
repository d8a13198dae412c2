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
# # 06 One case, reviewed
#
# After a harm: what was known when, what the model said then and why, and what would have changed it. (`民转刑` 一案一分析)

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
from features.frame import feature_frame
from features.sources import DuckSource
from models import registry
from models.counterfactuals import turns
from models.evaluation import known_until
from models.examples import intakes, record_points
from models.reasons import fact_reasons
from models.targets import RISK_COLUMNS

snapshot = Snapshot.from_folder(records)
scorer, uri = registry.load(threads=1)
cut, end = int(scorer.info["cut"]), known_until(snapshot)

# %% [markdown]
# A dispute taken in after the model's data cut that came to harm, the one with most records.

# %%
outcomes = snapshot.tables["outcomes"].select(["dispute_id", "kind", "at", "recorded_at"]).to_pandas()
taken = intakes(snapshot, end).set_index("dispute_id")["intake"]
late = outcomes[outcomes["dispute_id"].map(taken) >= cut]
late = late if len(late) else outcomes
points = record_points(snapshot, end)
case = points[points["dispute_id"].isin(late["dispute_id"])].groupby("dispute_id").size().idxmax()
harm = late[late["dispute_id"] == case].sort_values("at").iloc[0]
harm["kind"], pd.to_datetime(harm["at"], unit="us")

# %% [markdown]
# ## What was written down, and when

# %%
parts = []
for name, column in (("disputes", "kind"), ("events", "kind"), ("outcomes", "kind")):
    rows = snapshot.tables[name].to_pandas()
    rows = rows[rows["dispute_id"] == case]
    parts.append(pd.DataFrame({"recorded": rows["recorded_at"], "table": name, "what": rows[column]}))
line = pd.concat(parts).sort_values("recorded")
line.assign(recorded=pd.to_datetime(line["recorded"], unit="us")).reset_index(drop=True)

# %% [markdown]
# ## What the model said at each of these moments

# %%
moments = np.unique(points.loc[points["dispute_id"] == case, "as_of"].to_numpy(np.int64))
moments = moments[moments < harm["recorded_at"]]
frame = feature_frame(DuckSource(snapshot), [case] * len(moments), moments)
risks = scorer.risks(frame)
colours = [scorer.policy.colour(row, False) for row in risks]
figure, axes = plt.subplots(figsize=(9, 3.6))
when = pd.to_datetime(moments, unit="us")
for name in ("escalation_30", "escalation_90", "escalation_180"):
    axes.step(when, risks[:, RISK_COLUMNS.index(name)], where="post", marker="o", markersize=3, label=name)
axes.axvline(pd.to_datetime(harm["at"], unit="us"), color="#b5532a", label=f"{harm['kind']}")
axes.set(ylabel="risk", ylim=(0, None))
axes.legend(frameon=False, fontsize=8)
figure.autofmt_xdate()
plt.show()
pd.DataFrame(
    {
        "as of": when,
        "colour": colours,
        "risk within 90 days": risks[:, RISK_COLUMNS.index("escalation_90")].round(4),
    }
)

# %% [markdown]
# ## Why, at the last of them

# %%
last = scorer.case(frame.tail(1))
for reason in fact_reasons(last.values, last.contributions, last.scores):
    print(reason.text)

# %% [markdown]
# ## What would have changed the colour
#
# Only over what can change, and only if it can.

# %%
[turn.as_dict() for turn in turns(last, False)]

# %% [markdown]
# A score isn't the story: the timeline above also shows what staff did and didn't do, which no model knows. A review that ends with
# "the score was low" has not begun.
