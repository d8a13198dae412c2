"""Changes planted into a district's records from a day on; the simulator itself is left as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

Tables = dict[str, pd.DataFrame]
Plant = Callable[[Mapping[str, pd.DataFrame], pd.Timestamp], Tables]

OF_A_DISPUTE: Final = ("disputes", "parties", "events", "outcomes", "registry")
DOOR: Final = "app_report"
HEADER: Final = "【电话记录】来电人反映："
_SEED: Final = 1


def door_closes(tables: Mapping[str, pd.DataFrame], onset: pd.Timestamp) -> Tables:
    """Nothing comes in by the app any more: a connection is down, and nobody has said so."""
    disputes = tables["disputes"]
    gone = disputes.loc[(disputes["source"] == DOOR) & (disputes["recorded_at"] >= onset), "dispute_id"]
    kept = {name: tables[name][~tables[name]["dispute_id"].isin(gone)] for name in OF_A_DISPUTE}
    return {**tables, **kept}


def column_missing(tables: Mapping[str, pd.DataFrame], onset: pd.Timestamp) -> Tables:
    """The amount in dispute isn't sent any more."""
    disputes = tables["disputes"].copy()
    disputes.loc[disputes["recorded_at"] >= onset, "amount_cny"] = np.nan
    return {**tables, "disputes": disputes}


def new_wording(tables: Mapping[str, pd.DataFrame], onset: pd.Timestamp) -> Tables:
    """The hotline's and the police's texts begin with the words of a new form."""
    disputes = tables["disputes"].copy()
    told = disputes["source"].isin(["hotline_12345", "police_110"]) & (disputes["recorded_at"] >= onset)
    disputes.loc[told, "text"] = HEADER + disputes.loc[told, "text"]
    return {**tables, "disputes": disputes}


def harm_doubled(tables: Mapping[str, pd.DataFrame], onset: pd.Timestamp) -> Tables:
    """As much harm again, of disputes that had none, from the day on."""
    rng = np.random.default_rng(_SEED)
    outcomes, disputes = tables["outcomes"], tables["disputes"]
    safe = disputes[~disputes["dispute_id"].isin(outcomes["dispute_id"])]
    more = outcomes[outcomes["at"] >= onset].copy()
    for row in more.index:
        at = more.at[row, "at"]
        young = safe[(safe["recorded_at"] < at) & (safe["recorded_at"] >= at - pd.Timedelta(days=90))]
        more.at[row, "dispute_id"] = young["dispute_id"].iloc[int(rng.integers(len(young)))]
    more["outcome_id"] = "m" + more["outcome_id"].astype(str)
    return {**tables, "outcomes": pd.concat([outcomes, more], ignore_index=True)}


def volume_doubled(tables: Mapping[str, pd.DataFrame], onset: pd.Timestamp) -> Tables:
    """Every dispute is there twice, under another number: a sender repeats itself."""
    disputes = tables["disputes"]
    twice = disputes.loc[disputes["recorded_at"] >= onset, "dispute_id"]
    answer = dict(tables)
    for name in ("disputes", "parties", "events"):
        copies = tables[name][tables[name]["dispute_id"].isin(twice)].copy()
        copies["dispute_id"] = "x" + copies["dispute_id"].astype(str)
        if name == "events":
            copies["event_id"] = "x" + copies["event_id"].astype(str)
        answer[name] = pd.concat([tables[name], copies], ignore_index=True)
    return answer


PLANTED: Final[dict[str, tuple[Plant, frozenset[str]]]] = {
    "a door closes": (door_closes, frozenset({"volume"})),
    "a column goes missing": (column_missing, frozenset({"missing", "features", "joint"})),
    "a new wording": (new_wording, frozenset({"text", "cues"})),
    "harm doubled": (harm_doubled, frozenset({"harm", "calibration"})),
    "volume doubled": (volume_doubled, frozenset({"volume"})),
}
"""What is planted, and which checks are meant to find it."""
