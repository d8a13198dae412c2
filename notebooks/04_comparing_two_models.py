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
# # 04 Comparing two models
#
# Is the champion worth its trees? A second model is trained without them, and both are tried on the same cases,
# which neither has learned from. `anlan compare A B` does the same with registered versions.

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
from IPython.display import Image, display

from docket.snapshot import Snapshot
from models import compared, plots
from models.contest import MAIN, Version, contest
from models.fit import train
from models.gates import quality
from models.hazard_settings import HazardSettings
from models.promotion import version

snapshot = Snapshot.from_folder(records)
champion = version("models:/anlan@champion")
cut = int(champion.scorer.info["cut"])
line = train(snapshot, cut, seed=0, settings=HazardSettings(trees=0))
found = contest(snapshot, Version("a line without trees", line.scorer, line.trial), champion)
len(found.frame), int(np.nansum(found.harmed)), found.held_out

# %% [markdown]
# ## Figures, on the same bootstrap draws

# %%
compared.summary(found, replicates=200).round(3)

# %%
figures = compared.figures(found, replicates=200).query("target == 'escalation' and horizon_days == 90")
figures.set_index("metric")[["ours", "theirs", "difference", "low", "high"]].round(3)

# %%
known = np.isfinite(found.harmed)
scores = {
    "line": found.risks[known, MAIN],
    "champion": found.other[known, MAIN],
    "checklist": found.points[known],
}
display(Image(plots.precision_recall_plot(found.harmed[known], scores, "Escalation within 90 days")))

# %% [markdown]
# ## What would have changed for staff

# %%
compared.colours(found).pivot_table(
    index="theirs", columns="ours", values="cases", fill_value=0, aggfunc="sum"
)

# %%
figure, axes = plt.subplots(figsize=(4.6, 4.4))
axes.loglog(found.other[:, MAIN], found.risks[:, MAIN], ".", markersize=3, alpha=0.4, color="grey")
harmed = np.nan_to_num(found.harmed) > 0
axes.loglog(
    found.other[harmed, MAIN],
    found.risks[harmed, MAIN],
    "o",
    markersize=4,
    color="#b5532a",
    label="came to harm",
)
axes.set(xlabel="risk by the champion", ylabel="risk by the line")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## The cases that flip most, and why

# %%
flips = compared.flips(found, 5)
pd.set_option("display.max_colwidth", 60)
flips.drop(columns="dispute_id")

# %% [markdown]
# ## The gates that it would meet

# %%
pd.DataFrame(
    [(gate.name, gate.passed, gate.told) for gate in quality(found)], columns=["gate", "passed", "found"]
)
