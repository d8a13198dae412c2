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
# # 01 The records, and what was known when
#
# A row is known from its `recorded_at` on. Everything that is computed of a district goes through
# `Snapshot.until(t)`: the records as they stood at *t*. This notebook looks at a district that way.

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
import pyarrow as pa

from docket.contract import BY_NAME
from docket.snapshot import Snapshot
from docket.times import DAY
from docket.versions import SUPERSEDED, with_supersession
from models.evaluation import known_until

snapshot = Snapshot.from_folder(records)
pd.DataFrame(
    {
        name: {"rows, with every version": table.num_rows, "columns": table.num_columns}
        for name, table in snapshot.tables.items()
    }
).T

# %% [markdown]
# ## What comes in, and through which door

# %%
disputes = snapshot.tables["disputes"].to_pandas()
first = disputes.sort_values("recorded_at").drop_duplicates("dispute_id")
month = pd.to_datetime(first["recorded_at"], unit="us").dt.to_period("M").dt.to_timestamp()
by_door = first.groupby([month, "source"]).size().unstack(fill_value=0)
axes = by_door.plot.area(figsize=(9, 3.4), linewidth=0, alpha=0.85, ylabel="disputes a month", xlabel="")
axes.legend(loc="upper left", ncols=3, fontsize=8, frameon=False)
plt.show()

# %% [markdown]
# ## How late it is written down
#
# What happened isn't known yet: the gap between `at` and `recorded_at` is the reporting delay. Labels wait for it.

# %%
figure, axes = plt.subplots(figsize=(9, 3.2))
for name, style in (("events", "-"), ("outcomes", "-"), ("visits", "--")):
    rows = snapshot.tables[name].select(["at", "recorded_at"]).to_pandas()
    late = (rows["recorded_at"] - rows["at"]) / DAY
    axes.plot(np.sort(late), np.linspace(0, 1, len(late)), style, label=f"{name} ({len(late):,})")
axes.set(
    xlabel="days from happening to being recorded", ylabel="share recorded", xlim=(0, 30), ylim=(0, 1.01)
)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## The same dispute on two days
#
# A correction is a new row with the same id and a later `recorded_at`. Earlier moments go on seeing the earlier one. The demo
# district makes none, so one is made here: half a year on, somebody finds that it was about money.

# %%
table = snapshot.tables["disputes"]
row = disputes[disputes["kind"] == "neighbour"].sort_values("recorded_at").iloc[0]
found_out = int(row["recorded_at"]) + 180 * DAY
later = row.to_frame().T.assign(kind="debt", recorded_at=found_out)
versions = pa.concat_tables([table, pa.Table.from_pandas(later, schema=table.schema, preserve_index=False)])
versions = with_supersession(versions.drop_columns([SUPERSEDED]), BY_NAME["disputes"])
both = Snapshot({**snapshot.tables, "disputes": versions}, snapshot.originals)


def seen_at(moment):
    rows = both.until(moment).tables["disputes"].to_pandas()
    (one,) = rows[(rows["dispute_id"] == row["dispute_id"]) & rows[SUPERSEDED].isna()].to_dict("records")
    return {name: one[name] for name in ("kind", "source", "grid_id", "amount_cny")}


days = {"the day before": found_out - DAY, "the day after": found_out + DAY}
pd.DataFrame({name: seen_at(moment) for name, moment in days.items()}).T

# %%
end = known_until(snapshot)
moments = [end - days * DAY for days in (720, 540, 360, 180, 0)]
seen = {
    str(pd.to_datetime(moment, unit="us").date()): {
        name: table.num_rows for name, table in snapshot.until(moment).tables.items() if table.num_rows
    }
    for moment in moments
}
pd.DataFrame(seen).fillna(0).astype(int)

# %% [markdown]
# Nothing that is recorded later changes what was seen before: the digest of the past stays the same.

# %%
past = moments[2]
assert snapshot.until(past).digest == snapshot.until(end).until(past).digest
snapshot.until(past).digest[:16]
