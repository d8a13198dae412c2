"""Peer in featuretools: feature matrices by cutoff times.

It knows one clock: rows are seen from their time index on, for ever. So it is given records that nobody
corrected, contributions joined beforehand under the person or pair that they tell of, and cutoffs a
microsecond before intake where the dispute itself is to be left out: nothing of it was known then.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final

import featuretools as ft
import numpy as np
import pandas as pd
from featuretools.primitives import IsIn, Max, NumUnique

from ..reading import Array, Features, Records
from .numpy_streams import EVENT_STEPS, KIND_STEPS

OWN: Final = ("case_parties", "case_events", "case_outcomes", "case_registry")
JOINT: Final = "\x1f"


def compute(records: Records, features: Features) -> Array:
    """(questions, features)."""
    warnings.simplefilter("ignore")
    frames = _frames(records)
    ids, as_of = records.questions
    questions = pd.DataFrame({"dispute_id": ids.to_pandas().astype(str), "t": as_of})
    questions["query"] = np.arange(len(questions))
    keys = _keys(frames, questions)
    answer = np.full((len(questions), len(features)), np.nan)
    for entity, asked in keys.items():
        wanted = [place for place, feature in enumerate(features) if feature["entity"] == entity]
        if wanted:
            values = _matrix(frames, asked, [features[place] for place in wanted], own=entity == "dispute")
            worst = values.groupby(asked["query"].to_numpy()).max()
            answer[np.ix_(worst.index.to_numpy(), wanted)] = worst.to_numpy()
    return answer


def _frame(records: Records, name: str) -> pd.DataFrame:
    return records.tables[name].to_pandas()


def _frames(records: Records) -> dict[str, pd.DataFrame]:
    """Contributions of each stream: key, item, kind, value, known."""
    d = _frame(records, "disputes")[["dispute_id", "kind", "recorded_at"]]
    p, e, o, r = (_frame(records, name) for name in ("parties", "events", "outcomes", "registry"))
    e = e.rename(columns={"event_id": "item"}).assign(value=e["kind"].map(EVENT_STEPS).fillna(0.0))
    o = o.rename(columns={"outcome_id": "item", "severity": "value"})
    r = r.rename(columns={"entry_id": "item", "category": "kind"}).assign(value=1.0)
    party = p[["dispute_id", "person_id", "role", "recorded_at"]]
    person = party.merge(d, on="dispute_id", suffixes=("", "_d")).rename(columns={"person_id": "key"})
    person["known"] = person[["recorded_at", "recorded_at_d"]].max(axis=1)
    person = person[["key", "dispute_id", "role", "kind", "known"]]
    other = party[["dispute_id", "person_id", "role", "recorded_at"]]
    pair = person.merge(other, on="dispute_id", suffixes=("", "_b"))
    apart = (pair["key"] != pair["person_id"]) & (pair["role"] != pair["role_b"])
    pair = pair[apart & ((pair["role"] == "respondent") | (pair["role_b"] == "respondent"))]
    pair = pair.assign(
        key=pair["key"] + JOINT + pair["person_id"], known=pair[["known", "recorded_at"]].max(axis=1)
    )
    pair = pair[["key", "dispute_id", "role", "kind", "known"]]
    own = {"case_events": e, "case_outcomes": o, "case_registry": r}
    found = {
        name: rows.assign(key=rows["dispute_id"], known=rows["recorded_at"]) for name, rows in own.items()
    }
    found["case_parties"] = p.assign(
        key=p["dispute_id"], item=p["person_id"], kind=p["role"], value=1.0, known=p["recorded_at"]
    )
    for name, rows in (("person", person), ("pair", pair)):
        disputes = rows.assign(item=rows["dispute_id"], value=rows["kind"].map(KIND_STEPS).fillna(0.0))
        found[f"{name}_disputes"] = disputes.assign(kind=disputes["role"] + "/" + disputes["kind"])
        found[f"{name}_events"] = _details(rows, e, named=name == "person")
        found[f"{name}_outcomes"] = _details(rows, o, named=name == "person")
    found["person_registry"] = r.merge(
        d[["dispute_id", "recorded_at"]], on="dispute_id", suffixes=("", "_d")
    ).pipe(
        lambda rows: rows.assign(
            key=rows["person_id"], known=rows[["recorded_at", "recorded_at_d"]].max(axis=1)
        )
    )
    found["parties"] = party.merge(d[["dispute_id"]], on="dispute_id")
    columns = ["key", "item", "kind", "value", "known"]
    return {
        name: rows if name == "parties" else rows[columns].reset_index(drop=True)
        for name, rows in found.items()
    }


def _details(rows: pd.DataFrame, details: pd.DataFrame, *, named: bool) -> pd.DataFrame:
    joined = details.merge(rows[["key", "dispute_id", "role", "known"]], on="dispute_id")
    kind = joined["role"] + "/" + joined["kind"] if named else joined["kind"]
    return joined.assign(known=joined[["known", "recorded_at"]].max(axis=1), kind=kind)


def _keys(frames: dict[str, pd.DataFrame], questions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """`query, key, t` of each entity, by what is known."""
    held = questions.merge(frames["parties"], on="dispute_id")
    held = held[held["recorded_at"] <= held["t"]].rename(columns={"person_id": "key"})
    found = {"dispute": questions.assign(key=questions["dispute_id"]), "person": held}
    for role in ("applicant", "respondent"):
        found[role] = held[held["role"] == role]
    pair = found["applicant"].merge(found["respondent"][["query", "key"]], on="query", suffixes=("", "_b"))
    pair = pair[pair["key"] != pair["key_b"]]
    found["pair"] = pair.assign(key=pair["key"] + JOINT + pair["key_b"])
    return {entity: rows[["query", "key", "t"]].reset_index(drop=True) for entity, rows in found.items()}


def _matrix(
    frames: dict[str, pd.DataFrame], asked: pd.DataFrame, features: Features, *, own: bool
) -> pd.DataFrame:
    """A row a question and key."""
    streams = list(dict.fromkeys(feature["stream"] for feature in features))
    entities = ft.EntitySet("district")
    keys = pd.concat([asked["key"], *(frames[name]["key"] for name in streams)]).unique()
    entities.add_dataframe(pd.DataFrame({"key": keys}), "keys", index="key")
    for name in streams:
        rows = frames[name].assign(known=pd.to_datetime(frames[name]["known"], unit="us"))
        entities.add_dataframe(
            rows, name, index="row", make_index=True, time_index="known",
            logical_types={"item": "Categorical", "kind": "Categorical", "key": "Categorical"},
        )  # fmt: skip
        entities.add_relationship("keys", "key", name, "key")
    columns = [_column(entities, feature) for feature in features]
    times = pd.DataFrame(
        {"key": asked["key"], "time": pd.to_datetime(asked["t"] - (0 if own else 1), unit="us")}
    )
    # Each time of a key once: featuretools answers by key and time.
    matrix = ft.calculate_feature_matrix(
        columns, entities, times.drop_duplicates(), cutoff_time_in_index=True, n_jobs=1
    )
    matrix = matrix.reset_index().astype({"key": "object"}).rename(columns={matrix.index.names[1]: "time"})
    matrix["time"] = matrix["time"].astype("datetime64[us]")
    times["time"] = times["time"].astype("datetime64[us]")
    matrix = times.merge(matrix, on=["key", "time"], how="left")[[feature["name"] for feature in features]]
    found = pd.DataFrame(matrix.to_numpy(np.float64, na_value=np.nan))
    counts = [place for place, feature in enumerate(features) if feature["aggregate"] == "count"]
    found[counts] = found[counts].fillna(0.0)
    return found


def _column(entities: ft.EntitySet, feature: Mapping[str, Any]) -> ft.FeatureBase:
    rows = entities[feature["stream"]].ww
    base, primitive = (rows["item"], NumUnique) if feature["aggregate"] == "count" else (rows["value"], Max)
    more = {}
    if feature["where"] is not None:
        more["where"] = ft.Feature(rows["kind"], primitive=IsIn(list_of_outputs=list(feature["where"])))
    return ft.Feature(base, parent_dataframe_name="keys", primitive=primitive, **more).rename(feature["name"])
