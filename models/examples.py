"""Query points to learn from: the moments at which a case would have been scored.

A dispute is scored at intake, whenever something about it or its parties is recorded, and daily while open.
Training takes all three: every intake, some of the moments after a record, some quiet instants. Later points
of a dispute share one weight, so that a dispute with forty events teaches no more than one with two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

EVENT_POINTS: Final = 2
QUIET_POINTS: Final = 2
EVENT_WEIGHT: Final = 1.0
"""Shared by the points after records of one dispute; an intake weighs 1."""
QUIET_WEIGHT: Final = 0.5
"""Shared by the quiet points of one dispute."""
OPEN_FOR: Final = 180 * DAY
"""A dispute about which nothing is recorded for so long is no longer open."""


def intakes(snapshot: Snapshot, cut: int) -> pd.DataFrame:
    """When each dispute known before `cut` was first recorded: `dispute_id, intake` (µs).

    Disputes with an authority as a party teach nothing about others and are left out. So is one that was
    merged by then: its outcomes are the other's, and that it was taken for harmless would be wrong.
    """
    table = snapshot.until(cut).tables["disputes"]
    rows = table.select(["dispute_id", "recorded_at", "excluded_at", "superseded_at"]).to_pandas()
    rows = rows[~rows["dispute_id"].isin(rows.loc[rows["excluded_at"].notna(), "dispute_id"])]
    rows = rows[rows["dispute_id"].isin(rows.loc[rows["superseded_at"].isna(), "dispute_id"])]
    first = rows.groupby("dispute_id", sort=True)["recorded_at"].min()
    return pd.DataFrame({"dispute_id": first.index.to_numpy(object), "intake": first.to_numpy(np.int64)})


def open_segments(snapshot: Snapshot, cut: int) -> pd.DataFrame:
    """The stretches during which disputes were open, as people knew it then: `dispute_id, begin, end` (µs).

    Each runs from one record about the dispute to the next, or for 180 days, unless a `closed` then known
    was later than the last `reopened` then known. None reaches into a time in which the dispute was merged
    into another.
    """
    tables = snapshot.until(cut).tables
    versions = tables["disputes"].select(["dispute_id", "recorded_at", "superseded_at"]).to_pandas()
    disputes = versions[["dispute_id", "recorded_at"]].assign(kind="", at=0)
    events = tables["events"].select(["dispute_id", "recorded_at", "kind", "at"]).to_pandas()
    rows = pd.concat([disputes, events], ignore_index=True).sort_values(
        ["dispute_id", "recorded_at"], kind="stable", ignore_index=True
    )
    never = -(2**62)
    for kind in ("closed", "reopened"):
        rows[kind] = rows["at"].where(rows["kind"] == kind, never).astype(np.int64)
        rows[kind] = rows.groupby("dispute_id")[kind].cummax()
    following = rows.groupby("dispute_id")["recorded_at"].shift(-1)
    begin = rows["recorded_at"].to_numpy(np.int64)
    end = np.minimum(following.fillna(cut).to_numpy(np.int64), begin + OPEN_FOR)
    end = np.minimum(end, _withdrawn_after(rows["dispute_id"], begin, versions))
    is_open = (rows["closed"] <= rows["reopened"]).to_numpy(bool) & (end > begin)
    ids = rows["dispute_id"].to_numpy(object)
    return pd.DataFrame({"dispute_id": ids[is_open], "begin": begin[is_open], "end": end[is_open]})


def _withdrawn_after(
    ids: pd.Series[str], begin: NDArray[np.int64], versions: pd.DataFrame
) -> NDArray[np.int64]:
    """When each dispute is next withdrawn from `begin` on (`begin` if it is then): (n,), 2**62 if never.

    A version that ends without another taking its place was withdrawn; the next one, if any, brings it back.
    """
    versions = versions.sort_values(["dispute_id", "recorded_at"])
    following = versions.groupby("dispute_id")["recorded_at"].shift(-1)
    gone = versions[versions["superseded_at"].notna() & (versions["superseded_at"] != following)]
    end = np.full(len(ids), 2**62, dtype=np.int64)
    if gone.empty:
        return end
    back = following.loc[gone.index].fillna(2**62).to_numpy(np.int64)
    out = pd.DataFrame({"dispute_id": gone["dispute_id"], "gone": gone["superseded_at"], "back": back})
    rows = pd.DataFrame({"dispute_id": ids.to_numpy(), "begin": begin, "row": np.arange(len(ids))})
    met = rows.merge(out, on="dispute_id")
    met = met[met["begin"] < met["back"]]
    np.minimum.at(
        end, met["row"].to_numpy(), np.maximum(met["gone"].to_numpy(np.int64), met["begin"].to_numpy())
    )
    return end


def record_points(snapshot: Snapshot, cut: int) -> pd.DataFrame:
    """The moments at which something about a dispute or its parties was recorded: `dispute_id, as_of`.

    What is recorded about a party counts while the dispute is open.
    """
    tables = snapshot.until(cut).tables
    own = [
        tables[name].select(["dispute_id", "recorded_at"]).to_pandas()
        for name in ("disputes", "events", "outcomes")
    ]
    people = tables["parties"].select(["dispute_id", "person_id"]).to_pandas().drop_duplicates()
    about = pd.concat(
        [
            tables["visits"].select(["person_id", "recorded_at"]).to_pandas(),
            tables["registry"].select(["person_id", "recorded_at"]).to_pandas(),
            tables["parties"].select(["person_id", "recorded_at"]).to_pandas(),
        ]
    ).drop_duplicates()
    theirs = people.merge(about, on="person_id")[["dispute_id", "recorded_at"]]
    theirs = theirs[_within(theirs, open_segments(snapshot, cut))]
    points: pd.DataFrame = pd.concat([*own, theirs]).rename(columns={"recorded_at": "as_of"})
    return points.drop_duplicates().sort_values(["dispute_id", "as_of"], ignore_index=True)


def _within(points: pd.DataFrame, segments: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each `dispute_id, recorded_at` lies in an open stretch of its dispute."""
    left = points.reset_index(drop=True).reset_index(names="row").sort_values("recorded_at")
    right = segments.rename(columns={"begin": "recorded_at"}).sort_values("recorded_at")
    joined = pd.merge_asof(left, right, on="recorded_at", by="dispute_id", direction="backward")
    inside = (joined["recorded_at"] < joined["end"]).to_numpy(bool)
    answer = np.zeros(len(points), dtype=bool)
    answer[joined["row"].to_numpy(np.int64)] = inside
    return answer


def sample(
    snapshot: Snapshot,
    cut: int,
    seed: int,
    *,
    event_points: int = EVENT_POINTS,
    quiet_points: int = QUIET_POINTS,
) -> pd.DataFrame:
    """Query points before `cut`, at most 1 + `event_points` + `quiet_points` a dispute.

    Returns
    -------
    DataFrame
        `dispute_id, as_of, point, weight`, ordered by (as_of, dispute_id); `point` is `intake`, `event` or
        `quiet`. The weights of one dispute add up to at most 2.5, an intake's being 1.
    """
    rng = np.random.default_rng(seed)
    first = intakes(snapshot, cut)
    intake = pd.Series(first["intake"].to_numpy(np.int64), index=first["dispute_id"])
    parts = [first.rename(columns={"intake": "as_of"}).assign(point="intake", weight=1.0)]
    after = record_points(snapshot, cut)
    after = after[after["as_of"] > after["dispute_id"].map(intake)]
    after = after.iloc[rng.permutation(len(after))].groupby("dispute_id").head(event_points)
    size = after.groupby("dispute_id")["as_of"].transform("size")
    parts.append(after.assign(point="event", weight=EVENT_WEIGHT / np.maximum(size, event_points)))
    quiet = _quiet_points(open_segments(snapshot, cut), quiet_points, rng)
    quiet = quiet[quiet["as_of"] > quiet["dispute_id"].map(intake)]
    parts.append(quiet.assign(point="quiet", weight=QUIET_WEIGHT / max(quiet_points, 1)))
    points = pd.concat(parts, ignore_index=True).drop_duplicates(["dispute_id", "as_of"])
    points["as_of"] = points["as_of"].astype(np.int64)
    return points.sort_values(["as_of", "dispute_id"], ignore_index=True)


def _quiet_points(segments: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """`count` instants a dispute, uniform over the time it was open."""
    segments = segments.sort_values(["dispute_id", "begin"], ignore_index=True)
    if segments.empty or count == 0:
        return pd.DataFrame({"dispute_id": pd.Series(dtype=object), "as_of": pd.Series(dtype=np.int64)})
    # whole seconds: the running total over a district's disputes then fits int64 with room to spare
    length = ((segments["end"] - segments["begin"]) // 1_000_000).to_numpy(np.int64)
    total = np.cumsum(length)
    owner, ids = pd.factorize(segments["dispute_id"])
    last = np.searchsorted(owner, np.arange(len(ids)), side="right") - 1
    upto = total[last]
    before = np.concatenate([[0], upto[:-1]])
    drawn = before[:, None] + (rng.random((len(ids), count)) * (upto - before)[:, None]).astype(np.int64)
    place = np.searchsorted(total, drawn.ravel(), side="right")
    place = np.minimum(place, np.repeat(last, count))
    into = drawn.ravel() - (total[place] - length[place])
    as_of = segments["begin"].to_numpy(np.int64)[place] + into * 1_000_000
    points = pd.DataFrame({"dispute_id": np.repeat(np.asarray(ids, dtype=object), count), "as_of": as_of})
    return points.sort_values(["dispute_id", "as_of"], ignore_index=True)
