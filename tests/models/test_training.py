"""What a model learns, and what it must not: nothing from later, nothing of what isn't known yet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from made_up_district import CUT, SETTINGS, THREATS, District, intake_frame, make_district

from docket.snapshot import Snapshot
from docket.text import prepare
from docket.times import DAY, from_micros, parse_instant
from features.cues import BY_NAME, CUES, checklist, cue_matrix, polar_clauses
from features.frame import feature_frame
from features.sources import DuckSource
from models.bootstrap import bootstrap, clusters_of, draws
from models.examples import intakes
from models.fit import Trained, train
from models.keeping import Keeping
from models.material import TooLittleToLearnError, gather
from models.metrics import roc_auc
from models.rows import HazardRows
from models.splits import ImpossibleSplitError
from models.targets import HORIZONS, NO_HARM, RISK_COLUMNS, TARGETS, Labels, labels

ESCALATION_90 = RISK_COLUMNS.index("escalation_90")
REPOSITORY = Path(__file__).resolve().parents[2]
T = parse_instant("2024-01-01")
"""The cut of the models of the small district."""


def records(district: District, folder: Path) -> Snapshot:
    return Snapshot.from_folder(district.write(folder))


def moment(micros: int) -> pd.Timestamp:
    return pd.Timestamp(from_micros(micros))


@pytest.fixture(scope="module")
def small_folder(small: District, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def small_records(small_folder: Path) -> Snapshot:
    return Snapshot.from_folder(small_folder)


@pytest.fixture(scope="module")
def small_model(small_records: Snapshot) -> Trained:
    return train(small_records, T, settings=SETTINGS)


def quiet_disputes(district: District, begin: int, end: int) -> pd.Series:
    """Disputes first recorded in [begin, end) of which no harm is ever heard, with their intake."""
    disputes = district.tables["disputes"].set_index("dispute_id")["recorded_at"]
    disputes = disputes[(disputes >= moment(begin)) & (disputes < moment(end))]
    return disputes[~disputes.index.isin(district.tables["outcomes"]["dispute_id"])]


def violence(harmed: pd.Series, after: int, recorded: pd.Timestamp) -> list[dict[str, object]]:
    """An act of violence in each dispute, so many days after intake, recorded at a moment."""
    return [
        {
            "outcome_id": f"late-{dispute}",
            "dispute_id": dispute,
            "at": intake + pd.Timedelta(days=after),
            "recorded_at": recorded,
            "kind": "violence",
            "severity": 5,
        }
        for dispute, intake in harmed.items()
    ]


# Nothing recorded at or after the cut is seen


def with_a_bad_future(district: District) -> District:
    """The district with much that is bad recorded from the very cut on, of times before it and after."""
    cut, week = moment(T), pd.Timedelta(days=7)
    earlier = quiet_disputes(district, 0, T - 60 * DAY)
    parties = district.tables["parties"]
    respondents = parties[parties["role"] == "respondent"].set_index("dispute_id")["person_id"]
    ids = earlier.index[:80]
    text = "扬言要砍死对方，手持菜刀堵门"
    made = district.with_rows("outcomes", violence(earlier.head(80), 20, cut))
    made = made.with_rows(
        "events",
        [
            {
                "event_id": f"late-{i}",
                "dispute_id": i,
                "at": cut - week,
                "recorded_at": cut,
                "kind": kind,
                "text": text,
            }
            for i, kind in zip(ids, ["police_call", "agreement_breached"] * 40, strict=True)
        ],
    )
    made = made.with_rows(
        "visits",
        [
            {
                "visit_id": f"late-{i}", "person_id": respondents[i], "worker_id": "w00", "at": cut - week,
                "recorded_at": cut, "contact": True, "finding": "worse", "text": text,
            }
            for i in ids
        ],
    )  # fmt: skip
    # from the cut on some earlier disputes are known to be with an authority, which leaves them out
    made = made.with_rows(
        "parties",
        [
            {
                "dispute_id": i, "person_id": respondents[ids[0]], "role": "affected", "relation": "authority",
                "recorded_at": cut + week,
            }
            for i in ids[40:]
        ],
    )  # fmt: skip
    made = made.with_rows(
        "disputes",
        [
            {
                "dispute_id": f"late-{i}", "opened_at": cut - week, "recorded_at": cut, "source": "police_110",
                "kind": "domestic_violence", "grid_id": "g00", "text": text,
            }
            for i in ids
        ],
    )  # fmt: skip
    return made.with_rows(
        "parties",
        [
            {
                "dispute_id": f"late-{i}", "person_id": respondents[i], "role": "respondent", "relation": "spouse",
                "recorded_at": cut,
            }
            for i in ids
        ],
    )  # fmt: skip


def test_what_is_recorded_at_or_after_the_cut_changes_no_earlier_score(
    small: District, small_records: Snapshot, small_model: Trained, tmp_path: Path
) -> None:
    before, one = small_records, small_model
    after = records(with_a_bad_future(small), tmp_path)
    other = train(after, T, settings=SETTINGS)
    # what those rows change is looked at with them in place: at each dispute's intake, and a moment before the cut
    cases = intakes(before, T)
    for moments in (cases["intake"].to_numpy(np.int64), np.full(len(cases), T - 1)):
        frames = [
            feature_frame(DuckSource(s), cases["dispute_id"].tolist(), moments) for s in (before, after)
        ]
        pd.testing.assert_frame_equal(*frames)
        np.testing.assert_array_equal(one.scorer.risks(frames[0]), other.scorer.risks(frames[1]))
    assert one.scorer.policy == other.scorer.policy
    assert one.scorer.info == other.scorer.info


def test_an_outcome_heard_of_late_is_no_label_and_no_feature(
    small: District, small_records: Snapshot, tmp_path: Path
) -> None:
    harmed = quiet_disputes(small, T - 300 * DAY, T - 120 * DAY)
    late = records(small.with_rows("outcomes", violence(harmed, 20, moment(T))), tmp_path / "late")
    heard = harmed + pd.Timedelta(days=25)
    in_time = small.with_rows(
        "outcomes",
        [row | {"recorded_at": heard[row["dispute_id"]]} for row in violence(harmed, 20, moment(T))],
    )
    materials = {
        name: gather(snapshot, T)
        for name, snapshot in {
            "plain": small_records,
            "late": late,
            "in time": records(in_time, tmp_path / "in time"),
        }.items()
    }
    plain = materials["plain"]
    np.testing.assert_array_equal(materials["late"].labels.first, plain.labels.first)
    np.testing.assert_array_equal(materials["late"].labels.observed, plain.labels.observed)
    pd.testing.assert_frame_equal(materials["late"].frame, plain.frame)
    assert materials["late"].known.digest == plain.known.digest
    # the same harm heard of in time is both
    for name, label in (("plain", 0), ("in time", 1)):
        found = materials[name]
        at_intake = (found.points["point"] == "intake").to_numpy() & np.isin(found.ids, harmed.index)
        assert at_intake.sum() == len(harmed) > 50
        assert (found.labels.within("violence", 30)[at_intake] == label).all()
    # and a feature from the instant at which it was recorded, not from the day on which it happened
    ids = harmed.index.tolist()
    for at, count in ((T - 1, 0), (T, 1)):
        frame = feature_frame(DuckSource(late), ids, np.full(len(ids), at))
        assert (frame["harm_in_dispute"] == count).all()


# What isn't known yet is unknown, never negative


def label(days_to_harm: float | None, days_observed: float) -> Labels:
    first = NO_HARM if days_to_harm is None else int(days_to_harm * DAY)
    return Labels(np.full((1, len(TARGETS)), first), np.array([int(days_observed * DAY)]))


@pytest.mark.parametrize(
    ("harm", "observed", "taught"),
    [
        (None, -3, []),
        (None, 6.9, []),
        (None, 7, [(0, 0)]),
        (None, 40, [(0, 0), (1, 0)]),
        (None, 89.9, [(0, 0), (1, 0)]),
        (None, 400, [(0, 0), (1, 0), (2, 0), (3, 0)]),
        (3, 6.9, []),
        (3, 40, [(0, 1)]),
        (35, 40, [(0, 0), (1, 0)]),
        (35, 90, [(0, 0), (1, 0), (2, 1)]),
        (200, 400, [(0, 0), (1, 0), (2, 0), (3, 0)]),
    ],
)
def test_an_example_teaches_the_intervals_observed_whole_and_no_other(
    harm: float | None, observed: float, taught: list[tuple[int, int]]
) -> None:
    known = label(harm, observed)
    rows = HazardRows.of(known)
    assert list(zip(rows.interval.tolist(), rows.event.astype(int).tolist(), strict=True)) == taught
    for horizon in HORIZONS:
        value = known.within("escalation", horizon)[0]
        assert np.isnan(value) == (observed < horizon), horizon


def test_a_dispute_too_young_to_tell_teaches_nothing(
    small: District, small_records: Snapshot, small_model: Trained, tmp_path: Path
) -> None:
    plain = small_records
    material = gather(plain, T)
    young = set(intakes(plain, T).query(f"intake > {T - material.delay - 7 * DAY}")["dispute_id"])
    assert len(young) >= 5
    # nothing has come of them yet; were that taken for harmless, a threat would weigh less
    disputes = small.tables["disputes"]
    chosen = disputes["dispute_id"].isin(young)
    threatening = disputes["text"].where(~chosen, disputes["text"] + "扬言要砍死对方，说要拿刀同归于尽。")
    planted = records(small.with_tables(disputes=disputes.assign(text=threatening)), tmp_path)
    learned_from = gather(planted, T)
    own = np.isin(learned_from.ids, list(young))
    assert own.any() and np.isnan(learned_from.labels.within("escalation", 30)[own]).all()
    cases = intake_frame(plain, T, T + 60 * DAY)[1]
    cases["text"] = cases["text"] + "，扬言要砍死对方，说要拿刀同归于尽"
    again = train(planted, T, settings=SETTINGS)
    np.testing.assert_array_equal(again.scorer.risks(cases), small_model.scorer.risks(cases))


# Learning


def shuffled(district: District, seed: int) -> District:
    """The district with its harms given to other disputes, each as long after intake as it was.

    What the records say of earlier harm (of the dispute, its parties, its grid) follows the harms, so that
    features and labels tell one story, in which nothing foretells a harm.
    """
    rng = np.random.default_rng(seed)
    intake = district.tables["disputes"].set_index("dispute_id")["recorded_at"]
    other = pd.Series(rng.permutation(intake.index), index=intake.index)
    outcomes = district.tables["outcomes"]
    given = outcomes["dispute_id"].map(other)
    shift = given.map(intake) - outcomes["dispute_id"].map(intake)
    made = outcomes.assign(
        dispute_id=given, at=outcomes["at"] + shift, recorded_at=outcomes["recorded_at"] + shift
    )
    end = max(table["recorded_at"].max() for table in (district.tables["disputes"], outcomes))
    return district.with_tables(outcomes=made[made["recorded_at"] <= end])


def ranked(snapshot: Snapshot, model: Trained) -> tuple[float, float, float]:
    """AUC for escalation within 90 days of the disputes taken in after the cut, with its interval."""
    end = parse_instant("2024-06-19")
    cases, frame = intake_frame(snapshot, CUT, end - 105 * DAY)
    ids = cases["dispute_id"].tolist()
    y = labels(snapshot, ids, cases["intake"].to_numpy(np.int64), end).within("escalation", 90)
    assert np.isfinite(y).all() and y.sum() > 30
    risk = model.scorer.risks(frame)[:, ESCALATION_90]
    found = bootstrap(roc_auc, y, risk, draws(clusters_of(snapshot, ids), 400, seed=0))
    return found.low, found.value, found.high


def test_later_harm_is_foretold_from_true_labels_and_not_from_shuffled_ones(
    district: District, snapshot: Snapshot, learned: Trained, tmp_path: Path
) -> None:
    low, value, _ = ranked(snapshot, learned)
    assert low > 0.6 and value > 0.7
    nonsense = records(shuffled(district, seed=0), tmp_path)
    low, value, high = ranked(nonsense, train(nonsense, CUT, seed=1, settings=SETTINGS))
    assert low < 0.5 < high


def test_the_same_records_and_seed_give_the_same_scores_bit_for_bit(
    district_folder: Path, learned: Trained, later: pd.DataFrame
) -> None:
    again = train(Snapshot.from_folder(district_folder), CUT, seed=1, settings=SETTINGS)
    np.testing.assert_array_equal(again.scorer.risks(later), learned.scorer.risks(later))
    assert again.scorer.policy.version == learned.scorer.policy.version
    assert again.scorer.info == learned.scorer.info


KILLED = """
import os, signal, sys
from pathlib import Path
from made_up_district import SETTINGS
from docket.snapshot import Snapshot
from models.fit import train
from models.keeping import Keeping

def told(stage, done, total):
    if stage == "final model: trees":
        os.kill(os.getpid(), signal.SIGKILL)

records, cut, kept = sys.argv[1:]
train(Snapshot.from_folder(Path(records)), int(cut), progress=told, settings=SETTINGS, keep=Keeping(Path(kept)))
"""


def test_a_killed_training_goes_on_where_it_was_and_ends_the_same(
    small_folder: Path, small_records: Snapshot, small_model: Trained, tmp_path: Path
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(small_folder), str(T), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests")])},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    texts = small_records.tables["disputes"].column("text").to_pylist()
    clauses = {clause for text in texts for clause in text.strip("。").split("，") if len(clause) > 5}
    assert len(kept) > 100_000 and len(clauses) > 10
    assert not any(clause.encode() in kept for clause in clauses)

    done: set[str] = set()
    again = train(
        small_records,
        T,
        progress=lambda stage, *_: done.add(stage),
        settings=SETTINGS,
        keep=Keeping(tmp_path),
    )
    assert done == {"texts", "final model: trees"}
    frame = intake_frame(small_records, T, T + 60 * DAY)[1]
    for one, other in ((again.scorer, small_model.scorer), (again.trial, small_model.trial)):
        np.testing.assert_allclose(one.risks(frame), other.risks(frame), rtol=0, atol=1e-9)
    assert again.report == small_model.report


def test_another_seed_asks_at_other_moments(snapshot: Snapshot) -> None:
    one, same, other = (gather(snapshot, CUT, seed).points for seed in (1, 1, 2))
    assert one.equals(same) and not one.equals(other)


# Signs and coherence


def clause_of(text: str) -> str:
    return prepare(text).text.replace("\n", "，").strip("，")


ASSERTED = sorted({clause_of(text) for cue in CUES for text in cue.examples})
NOT_MEANT = sorted({clause_of(text) for cue in CUES for text in cue.counter_examples})
PLAIN = [
    "楼上漏水把天花板泡坏",
    "借款到期不还",
    "双方同意调解",
    "工地拖欠工资",
    "要求上门看看",
    "物业费涨价没有公示",
]
narratives = st.lists(st.sampled_from(PLAIN + ASSERTED + NOT_MEANT), min_size=0, max_size=4).map("，".join)


def risks_of(model: Trained, row: pd.DataFrame, *texts: str) -> np.ndarray:
    frame = pd.concat([row] * len(texts), ignore_index=True)
    return model.scorer.risks(frame.assign(text=pd.Series(texts, dtype="str")))


def read_on(before: str, clause: str) -> str:
    """The narrative with a clause more, where that changes nothing in how the rest is read."""
    after = f"{before}，{clause}" if before else clause
    assume(polar_clauses(after)[: len(polar_clauses(before))] == polar_clauses(before))
    return after


@settings(max_examples=150, deadline=None)
@given(before=narratives, clause=st.sampled_from(ASSERTED), case=st.integers(0, 100))
def test_an_asserted_cue_never_lowers_a_risk(
    learned: Trained, later: pd.DataFrame, before: str, clause: str, case: int
) -> None:
    after = read_on(before, clause)
    old, new = cue_matrix([before, after])
    # the clause must say something of danger and deny nothing, and unsay nothing that was said
    assume((new[: len(CUES)] >= old[: len(CUES)]).all() and (new[len(CUES) :] <= old[len(CUES) :]).all())
    low, high = risks_of(learned, later.iloc[[case]], before, after)
    assert (high >= low * (1 - 1e-12)).all(), dict(zip(RISK_COLUMNS, high / low, strict=True))


@settings(max_examples=150, deadline=None)
@given(before=narratives, clause=st.sampled_from(NOT_MEANT), case=st.integers(0, 100))
def test_a_cue_that_is_only_denied_never_raises_a_risk(
    learned: Trained, later: pd.DataFrame, before: str, clause: str, case: int
) -> None:
    after = read_on(before, clause)
    old, new = cue_matrix([before, after])
    said = polar_clauses(after)[len(polar_clauses(before)) :]
    assume((new[: len(CUES)] == old[: len(CUES)]).all() and all(part.mention for part in said))
    high, low = risks_of(learned, later.iloc[[case]], before, after)
    assert (low <= high * (1 + 1e-12)).all(), dict(zip(RISK_COLUMNS, low / high, strict=True))


def without_threats(district: District) -> pd.Series:
    """The narratives of a district with their threats left out."""
    texts = district.tables["disputes"]["text"].str.rstrip("。").str.split("，")
    return texts.map(lambda parts: "，".join(part for part in parts if part not in THREATS))


def test_what_the_records_show_of_a_cue_never_turns_its_sign(small: District, tmp_path: Path) -> None:
    # a cue that stands in harmless disputes alone, and a denial that stands in harmful ones alone
    threat, denial = "扬言要砍死对方", "没有扬言跳楼"
    disputes = small.tables["disputes"]
    harmed = disputes["dispute_id"].isin(small.tables["outcomes"]["dispute_id"])
    said = pd.Series(np.where(harmed, denial, threat), index=disputes.index)
    planted = small.with_tables(disputes=disputes.assign(text=without_threats(small) + "，" + said))
    model = train(records(planted, tmp_path), T, settings=SETTINGS)
    assert model.scorer.estimator.score is not None
    for before in PLAIN:
        calm, threatened, denied = risks_of(
            model, model.example.iloc[[0]], before, f"{before}，{threat}", f"{before}，{denial}"
        )
        assert (threatened >= calm * (1 - 1e-12)).all() and (denied <= calm * (1 + 1e-12)).all()


def test_a_cue_of_one_harm_never_lowers_the_risk_of_another(small: District, tmp_path: Path) -> None:
    # what was threatened says which harm came, and nothing of whether one came
    kill, die = "扬言要砍死对方", "说活不下去想自杀"
    disputes, outcomes = small.tables["disputes"], small.tables["outcomes"]
    to_die = pd.Series(np.random.default_rng(0).random(len(disputes)) < 0.5, index=disputes["dispute_id"])
    texts = without_threats(small) + "，" + np.where(to_die, die, kill)
    kinds = np.where(outcomes["dispute_id"].map(to_die), "self_harm", "violence")
    planted = small.with_tables(disputes=disputes.assign(text=texts), outcomes=outcomes.assign(kind=kinds))
    model = train(records(planted, tmp_path), T, settings=SETTINGS)
    before = "楼上漏水把天花板泡坏"
    for one, other, target in ((kill, die, "violence"), (die, kill, "self_harm")):
        columns = [RISK_COLUMNS.index(f"{target}_{horizon}") for horizon in HORIZONS]
        plain, alone, both, foreign = risks_of(
            model,
            model.example.iloc[[0]],
            before,
            *(f"{before}，{said}" for said in (one, f"{one}，{other}", other)),
        )
        assert (alone[columns] > 1.2 * foreign[columns]).all(), "which harm it is was learned"
        assert (both >= alone * (1 - 1e-12)).all() and (foreign >= plain * (1 - 1e-12)).all()


def test_cues_do_count(learned: Trained, later: pd.DataFrame) -> None:
    calm, threat, denied = risks_of(
        learned,
        later.iloc[[0]],
        "楼上漏水把天花板泡坏",
        "楼上漏水把天花板泡坏，扬言要砍死对方",
        "楼上漏水把天花板泡坏，没有扬言跳楼",
    )
    assert (threat > 1.5 * calm).all() and (denied <= calm).all()


@settings(max_examples=100, deadline=None)
@given(text=narratives, seed=st.integers(0, 2**32 - 1))
def test_risks_are_coherent_for_any_case(learned: Trained, text: str, seed: int) -> None:
    columns = list(learned.scorer.columns)
    rng = np.random.default_rng(seed)
    table = rng.choice([np.nan, 0, 1, 3, 40, 0.5, -1e6, 1e6], (8, len(columns)))
    risks = learned.scorer.risks(pd.DataFrame(table, columns=columns).assign(text=text))
    risks = risks.reshape(8, len(TARGETS), len(HORIZONS))
    assert ((risks >= 0) & (risks <= 1)).all()
    assert (np.diff(risks, axis=2) >= 0).all()
    assert (risks[:, :-1] <= risks[:, -1:]).all()


# Few harms


def with_harms(district: District, count: int) -> District:
    """The district with its first so many harms, and no other."""
    outcomes = district.tables["outcomes"].sort_values("at")
    return district.with_tables(outcomes=outcomes.head(count))


def test_too_few_harms_are_refused_with_their_number(small: District, tmp_path: Path) -> None:
    for count in (0, 4):
        few = records(with_harms(small, count), tmp_path / str(count))
        with pytest.raises(TooLittleToLearnError, match=rf"\b{count} disputes .* at least 5 "):
            train(few, T)
    # the rest isn't missing, it isn't known yet
    fifth = with_harms(small, 5).tables["outcomes"]
    late = fifth["recorded_at"].where(fifth["at"] < fifth["at"].max(), moment(T))
    with pytest.raises(TooLittleToLearnError, match=r"\b4 disputes .* by the cut"):
        train(records(small.with_tables(outcomes=fifth.assign(recorded_at=late)), tmp_path / "late"), T)


def test_too_short_a_time_is_refused_with_its_dates(
    district: District, small_records: Snapshot, tmp_path: Path
) -> None:
    with pytest.raises(TooLittleToLearnError, match="no dispute was recorded before the cut"):
        train(small_records, parse_instant("2021-01-01"))
    # ten weeks of records with harm enough in them, none of which has been watched for 90 days
    cut = parse_instant("2022-03-12")
    early = quiet_disputes(district, 0, parse_instant("2022-02-10"))
    heard = early + pd.Timedelta(days=5)
    harms = [row | {"recorded_at": heard[row["dispute_id"]]} for row in violence(early, 3, moment(cut))]
    with pytest.raises(ImpossibleSplitError, match=r"no label of 90 days has matured by 2022-03-12"):
        train(records(district.with_rows("outcomes", harms), tmp_path), cut)


def test_with_hardly_any_harm_cues_count_as_on_the_checklist(tmp_path: Path) -> None:
    few = with_harms(make_district(400, seed=3, base=-2.4), 7)
    model = train(records(few, tmp_path), T, settings=SETTINGS)
    assert model.report["info"]["harmed_disputes"] == 7
    texts = [clause_of(cue.examples[0]) for cue in CUES]
    texts += [f"{one}，{other}" for one, other in zip(texts, texts[5:], strict=False)]
    texts.append("双方同意调解")
    points = checklist(texts)
    risks = risks_of(model, model.example.iloc[[0]], *texts)[:, ESCALATION_90]
    more = points[:, None] >= points[None, :] + 0.5
    assert more.sum() > 1000
    assert (risks[:, None] > risks[None, :])[more].all()
    assert BY_NAME["threat_kill"].points == 3
