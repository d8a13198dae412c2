"""Reasons: in plain words, once each, and of nothing that isn't in the record."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_up_district import CUT, District

from docket.contract.enumerations import DISPUTE_KINDS
from docket.snapshot import Snapshot
from docket.text import prepare
from docket.times import DAY, from_micros, parse_instant
from features.catalogue import BY_NAME, CATALOGUE
from features.cues import CUES, floor, tag
from features.documents import Document, Part, documents
from features.frame import feature_frame
from features.sources import DuckSource
from models.assessment import assess
from models.examples import intakes
from models.fit import Trained
from models.histories import facts_of
from models.reasons import LEAST_CONTRIBUTION, MOST_FACTS, Reason, cue_reasons, fact_reasons
from models.scorer import Scorer

# What a value says


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("report_delay_days", 0.4, None),
        ("report_delay_days", 0.999, None),
        ("report_delay_days", 1.9, "纠纷发生1天后才登记"),
        ("log_amount", math.log1p(0.4), None),
        ("log_amount", math.log1p(5000), "涉及金额约5000元"),
        ("pair_first_dispute_days", 0.5, None),
        ("pair_first_dispute_days", 40.7, "双方的纠纷始于40天前"),
        ("police_calls", 0, None),
        ("police_calls", 2, "本纠纷已2次报警"),
        ("police_calls_30d", 2, "近30天内因本纠纷报警2次"),
        ("from_police", 0, None),
        ("dispute_kind", math.nan, None),
    ],
)
def test_a_value_is_told_in_whole_units_and_none_of_it_not_at_all(
    name: str, value: float, text: str | None
) -> None:
    assert BY_NAME[name].describe(value) == text


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
def test_what_is_missing_or_nothing_is_no_reason(feature: Any) -> None:
    assert feature.describe(math.nan) is None
    if not feature.categorical and not feature.recency:
        assert feature.describe(0.0) is None and feature.describe(-1.0) is None
    for value in (1.0, 2.5, 40.0):
        text = feature.describe(value)
        if text is not None:
            assert not re.search(r"[{}]|nan|inf|None", text)
            assert not re.search(r"\d\.\d+[天元]", text)


NEVER = re.compile(r"男|女|性别|年龄|[\d一二三四五六七八九十]岁|老人|青年|民族|宗教|党员|上访|信访|投诉|举报")


def test_no_reason_is_worded_to_tell_of_sex_age_or_petitions() -> None:
    for feature in CATALOGUE:
        assert not NEVER.search("".join([feature.phrase or "", *feature.labels])), feature.name
    for cue in CUES:
        assert not NEVER.search(cue.title), cue.name


# Which facts are told


def facts(contributions: dict[str, float], most: int = MOST_FACTS, **values: float) -> list[str]:
    """What is told by a score that is a plain sum: without a fact it lacks what the fact's columns added."""
    nothing = {feature.name: math.nan for feature in CATALOGUE}

    def score(changes: Sequence[Mapping[str, float]]) -> np.ndarray:
        return -np.array([0.0, *(sum(contributions.get(name, 0.0) for name in c) for c in changes)])

    return [reason.text for reason in fact_reasons(nothing | values, contributions, score, most=most)]


def test_of_one_count_over_several_windows_one_is_told_the_one_that_weighs_most() -> None:
    names = [f"respondent_disputes_{window}" for window in ("30d", "90d", "365d", "ever")]
    told = facts(
        dict(zip(names, (0.1, 0.2, 0.5, 0.3), strict=True)), **dict(zip(names, (1, 2, 3, 4), strict=True))
    )
    assert told == ["被申请人近365天内另涉3起纠纷"]
    # the same count of another person, or of something else, is another fact
    told = facts(
        {"respondent_disputes_30d": 0.1, "applicant_disputes_30d": 0.3, "respondent_police_calls_365d": 0.2},
        respondent_disputes_30d=1, applicant_disputes_30d=1, respondent_police_calls_365d=1,
    )  # fmt: skip
    assert told == [
        "申请人近30天内另涉1起纠纷",
        "被申请人近365天内在其他纠纷中1次涉及报警",
        "被申请人近30天内另涉1起纠纷",
    ]


def test_a_window_with_nothing_in_it_does_not_stand_for_the_others() -> None:
    told = facts(
        {"respondent_disputes_30d": 0.9, "respondent_disputes_ever": 0.1},
        respondent_disputes_30d=0, respondent_disputes_ever=2,
    )  # fmt: skip
    assert told == ["被申请人此前另涉2起纠纷"]


def test_one_earlier_harm_is_one_reason_whoever_it_is_told_of() -> None:
    of_one = dict.fromkeys(
        [
            "pair_harm_ever",
            "respondent_harm_ever",
            "applicant_harm_ever",
            "pair_harm_worst",
            "respondent_harm_worst",
        ],
        1.0,
    )
    weights = dict(zip(of_one, (0.3, 0.5, 0.2, 0.4, 0.1), strict=True)) | {"police_calls": 0.05}
    assert facts(weights, **of_one, police_calls=1.0) == [
        "被申请人此前的纠纷曾造成1次伤害后果",
        "本纠纷已1次报警",
    ]
    # a harm more, of the respondent with somebody else, is a fact of its own
    assert facts(weights, **of_one | {"respondent_harm_ever": 2.0}) == [
        "双方以往纠纷曾造成严重程度1级的伤害",
        "被申请人此前的纠纷曾造成2次伤害后果",
    ]


def test_what_both_sides_were_in_on_the_same_side_is_told_once() -> None:
    both = {"respondent_harm_ever": 2.0, "applicant_harm_ever": 2.0, "pair_harm_ever": 1.0}
    last = {"respondent_days_since_harm": 12.3, "applicant_days_since_harm": 12.3}
    weights = dict.fromkeys(last, 0.4) | {"respondent_harm_ever": 0.3}
    assert facts(weights, **both | last) == ["距申请人所涉上次伤害后果12天"]
    assert len(facts(weights, **both | last | {"applicant_days_since_harm": 90.0})) == 2


def test_other_disputes_that_were_all_violent_are_told_once() -> None:
    counts = {"respondent_disputes_ever": 2.0, "respondent_violent_disputes_ever": 2.0}
    weights = {"respondent_disputes_ever": 0.2, "respondent_violent_disputes_ever": 0.4}
    assert facts(weights, **counts) == ["被申请人此前涉及2起家暴或人身损害纠纷"]
    assert len(facts(weights, **counts | {"respondent_disputes_ever": 3.0})) == 2


def test_what_the_case_would_be_no_better_without_is_no_reason() -> None:
    nothing = {feature.name: math.nan for feature in CATALOGUE}
    values = nothing | {"police_calls": 1.0, "harm_in_dispute": 1.0, "days_since_police_call": 3.0}
    weights = {"police_calls": 0.5, "harm_in_dispute": 0.3}

    def score(changes: Sequence[Mapping[str, float]]) -> np.ndarray:
        return np.array([0.0, *(-0.3 if "harm_in_dispute" in change else 0.1 for change in changes)])

    assert [reason.text for reason in fact_reasons(values, weights, score)] == ["本纠纷已造成1次伤害后果"]


def test_every_column_that_may_be_told_belongs_to_one_fact() -> None:
    nothing = {feature.name: math.nan for feature in CATALOGUE}
    owners = Counter(name for fact in facts_of(nothing) for name in fact.columns)
    assert {feature.name for feature in CATALOGUE if feature.phrase} <= owners.keys()
    assert set(owners.values()) == {1}


def test_only_what_raises_the_risk_is_a_reason_and_the_five_that_raise_it_most() -> None:
    names = [
        "police_calls",
        "mediations_failed",
        "repeat_reports",
        "harm_in_dispute",
        "pair_disputes_ever",
    ]
    names += ["respondent_police_calls_365d", "applicant_harm_ever", "handovers"]
    raising = {name: 0.1 * (place + 1) for place, name in enumerate(names)}
    told = facts(raising, **dict.fromkeys(names, 1.0))
    assert told == [BY_NAME[name].describe(1.0) for name in names[::-1][:MOST_FACTS]]
    assert facts(dict.fromkeys(names, -0.5), **dict.fromkeys(names, 1.0)) == []
    assert facts(dict.fromkeys(names, LEAST_CONTRIBUTION / 2), **dict.fromkeys(names, 1.0)) == []
    assert facts(raising) == []


# Cues


def cues(narrative: str, *later: str) -> list[Reason]:
    read = prepare(narrative)
    parts = [Part("narrative", 0, 0, read.text), *(Part("event", 1, 1, prepare(text).text) for text in later)]
    document = Document(tuple(parts))
    findings = tag(document.text)
    return cue_reasons(document, read, findings, floor(findings))


def test_a_cue_is_told_with_its_place_in_the_words_as_they_were_submitted() -> None:
    raw = "楼上 漏水。對方ＹＡＮＧ某（電話13912345678）喝(hē)醉了，揚言要砍死全家！"
    found = {reason.cue: raw[reason.start : reason.end] for reason in cues(raw)}
    assert found == {"alcohol": "喝(hē)醉", "threat_harm": "揚言要砍", "threat_kill": "砍死"}
    assert not any("13912345678" in reason.text for reason in cues(raw))


def test_what_was_said_later_has_no_place_in_the_narrative() -> None:
    (reason,) = (r for r in cues("楼上漏水", "扬言要砍死对方") if r.cue == "threat_kill")
    assert (reason.start, reason.end) == (None, None)
    assert reason.text == "后续记录中出现扬言杀人：“扬言要砍死对方”"
    first = next(r for r in cues("扬言要砍死对方", "又扬言要砍死对方") if r.cue == "threat_kill")
    assert (first.start, first.end) == (3, 5) and first.text.startswith("陈述中出现")


def test_a_stated_danger_stands_first_and_each_cue_once() -> None:
    found = cues("酒后闹事，扬言要砍死对方，手持菜刀堵门，又说要砍死对方，扬言跳楼")
    kinds = [reason.kind for reason in found]
    assert "floor" in kinds and kinds == sorted(kinds, key=lambda kind: kind != "floor")
    names = Counter(reason.cue for reason in found)
    assert {"threat_kill", "weapon", "threat_jump", "alcohol"} <= names.keys() and set(names.values()) == {1}


@pytest.mark.parametrize(
    "text", ["没有扬言跳楼", "电视剧里有人跳楼", "扬言跳楼，后称只是气话", "听说有人要放火"]
)
def test_what_was_not_meant_is_no_reason(text: str) -> None:
    assert tag(prepare(text).text) and cues(text) == []


# Cases of the district


class Case:
    """A dispute as the records stood at a moment, read from the tables as they were handed over."""

    def __init__(self, district: District, dispute: str, as_of: int) -> None:
        self.dispute, self.moment = dispute, pd.Timestamp(from_micros(as_of))
        self.tables = {
            name: table[table["recorded_at"] <= self.moment] if "recorded_at" in table.columns else table
            for name, table in district.tables.items()
        }
        self.own = self.tables["disputes"].set_index("dispute_id").loc[dispute]

    def rows(self, table: str) -> pd.DataFrame:
        """Of this dispute."""
        return self.tables[table][self.tables[table]["dispute_id"] == self.dispute]

    def party(self, role: str) -> str:
        return str(self.rows("parties").set_index("role").loc[role, "person_id"])

    def others(self, *people: str, role: str | None = None, within: int | None = None) -> set[str]:
        """The other disputes known to which all these people were parties."""
        parties = self.tables["parties"]
        if role is not None:
            parties = parties[parties["role"] == role]
        found = [set(parties.loc[parties["person_id"] == person, "dispute_id"]) for person in people]
        both = set.intersection(*found) - {self.dispute}
        disputes = self.tables["disputes"]
        if within is not None:
            disputes = disputes[disputes["opened_at"] > self.moment - pd.Timedelta(days=within)]
        return both & set(disputes["dispute_id"])

    def harms(self, disputes: set[str]) -> pd.DataFrame:
        return self.tables["outcomes"][self.tables["outcomes"]["dispute_id"].isin(disputes)]

    def opened(self, disputes: set[str]) -> pd.Series:
        return self.tables["disputes"].set_index("dispute_id").loc[sorted(disputes), "opened_at"]

    def days_since(self, moments: pd.Series) -> str:
        days = (self.moment - moments.max()) / pd.Timedelta(days=1)
        return str(math.floor(days)) if days >= 1 else "不到1"

    def events(self, kind: str) -> pd.DataFrame:
        return self.rows("events")[self.rows("events")["kind"] == kind]

    def visits(self, finding: str) -> pd.DataFrame:
        visits = self.tables["visits"]
        return visits[
            visits["person_id"].isin(self.rows("parties")["person_id"]) & (visits["finding"] == finding)
        ]


RECOUNT: dict[str, Callable[..., object]] = {
    r"纠纷类型为(.+)": lambda c: BY_NAME["dispute_kind"].labels[DISPUTE_KINDS.index(c.own["kind"])],
    r"当事人之间为邻居关系": lambda c: set(c.rows("parties")["relation"]) == {"neighbour"},
    r"纠纷发生(\d+)天后才登记": lambda c: (c.own["recorded_at"] - c.own["opened_at"]).days,
    r"本纠纷调解失败(\d+)次": lambda c: len(c.events("mediation_failed")),
    r"距上次接触当事人已(不到1|\d+)天": lambda c: c.days_since(c.events("contacted")["at"]),
    r"距本纠纷上次调解失败或违约(不到1|\d+)天": lambda c: c.days_since(c.events("mediation_failed")["at"]),
    r"被申请人近30天内另涉(\d+)起纠纷": lambda c: len(c.others(c.party("respondent"), within=30)),
    r"被申请人近90天内另涉(\d+)起纠纷": lambda c: len(c.others(c.party("respondent"), within=90)),
    r"被申请人近365天内另涉(\d+)起纠纷": lambda c: len(c.others(c.party("respondent"), within=365)),
    r"被申请人此前另涉(\d+)起纠纷": lambda c: len(c.others(c.party("respondent"))),
    r"被申请人此前(\d+)次作为被申请人": lambda c: len(c.others(c.party("respondent"), role="respondent")),
    r"被申请人此前的纠纷曾造成(\d+)次伤害后果": lambda c: len(c.harms(c.others(c.party("respondent")))),
    r"被申请人此前作为被申请人的纠纷曾造成(\d+)次伤害后果": lambda c: len(c.harms(c.others(c.party("respondent"), role="respondent"))),
    r"距被申请人上一起纠纷(不到1|\d+)天": lambda c: c.days_since(c.opened(c.others(c.party("respondent")))),
    r"申请人此前的纠纷曾造成(\d+)次伤害后果": lambda c: len(c.harms(c.others(c.party("applicant")))),
    r"被申请人以往纠纷曾造成严重程度(\d)级的伤害": lambda c: c.harms(c.others(c.party("respondent")))["severity"].max(),
    r"距被申请人所涉上次伤害后果(不到1|\d+)天": lambda c: c.days_since(c.harms(c.others(c.party("respondent")))["at"]),
    r"双方此前另有(\d+)起纠纷": lambda c: len(c.others(c.party("applicant"), c.party("respondent"))),
    r"本纠纷已造成(\d+)次伤害后果": lambda c: len(c.rows("outcomes")),
    r"距上次走访发现情况恶化(不到1|\d+)天": lambda c: c.days_since(c.visits("worse")["at"]),
}  # fmt: skip
"""What the records say of a fact, counted anew from the tables."""


@pytest.fixture(scope="module")
def queries(snapshot: Snapshot) -> tuple[list[str], np.ndarray]:
    """Disputes taken in after the cut: 40 at intake, 120 when the last of their events was recorded."""
    first = intakes(snapshot, parse_instant("2024-03-01"))
    first = first[first["intake"] >= CUT]
    events = snapshot.tables["events"].to_pandas().groupby("dispute_id")["recorded_at"].max()
    after = first[first["dispute_id"].isin(events.index)].iloc[40:160]
    ids = [*first["dispute_id"].head(40), *after["dispute_id"]]
    moments = [*first["intake"].head(40), *events.loc[after["dispute_id"]]]
    return ids, np.array(moments, dtype=np.int64)


def assessments(
    snapshot: Snapshot, scorer: Scorer, ids: list[str], moments: np.ndarray
) -> list[dict[str, Any]]:
    source = DuckSource(snapshot)
    frame = feature_frame(source, ids, moments)
    recorded = intakes(snapshot, int(moments.max()) + 1).set_index("dispute_id")["intake"]
    return [
        assess(
            dispute_id=dispute,
            as_of=int(as_of),
            recorded_at=int(recorded[dispute]),
            document=document,
            narrative=snapshot.narrative(dispute, int(as_of)),
            case=scorer.case(frame.iloc[[row]]),
            model_version="models:/anlan/1",
        )
        for row, (dispute, as_of, document) in enumerate(
            zip(ids, moments, documents(source, ids, moments), strict=True)
        )
    ]


@pytest.fixture(scope="module")
def answers(
    snapshot: Snapshot, learned: Trained, queries: tuple[list[str], np.ndarray]
) -> list[dict[str, Any]]:
    return assessments(snapshot, learned.scorer.with_threads(1), *queries)


def test_every_fact_told_is_what_the_records_say(
    district: District, queries: tuple[list[str], np.ndarray], answers: list[dict[str, Any]]
) -> None:
    checked: Counter[str] = Counter()
    for dispute, as_of, answer in zip(*queries, answers, strict=True):
        case = Case(district, dispute, int(as_of))
        for reason in answer["reasons"]:
            for pattern, recount in RECOUNT.items():
                found = re.fullmatch(pattern, reason["text"])
                if reason["kind"] == "fact" and found:
                    checked[pattern] += 1
                    expected = recount(case)
                    said = found[1] if found.groups() else True
                    assert str(said) == str(expected), f"{dispute}: {reason['text']}, recounted {expected}"
    told = sum(reason["kind"] == "fact" for answer in answers for reason in answer["reasons"])
    assert len(checked) >= 10 and told > 200 and sum(checked.values()) > 0.6 * told


def test_a_person_without_a_past_is_given_none(
    district: District, queries: tuple[list[str], np.ndarray], answers: list[dict[str, Any]]
) -> None:
    new = 0
    for dispute, as_of, answer in zip(*queries, answers, strict=True):
        case = Case(district, dispute, int(as_of))
        for role, word in (("respondent", r"被申请人"), ("applicant", r"(?<!被)申请人")):
            if not case.others(case.party(role)):
                new += 1
                told = [reason["text"] for reason in answer["reasons"] if reason["kind"] == "fact"]
                assert not [
                    text for text in told if re.search(rf"{word}.*(此前|以往|近\d+天|上一起|上次)", text)
                ]
    assert new > 20


def test_every_cue_told_stands_in_what_was_written(
    district: District, queries: tuple[list[str], np.ndarray], answers: list[dict[str, Any]]
) -> None:
    told = 0
    for dispute, as_of, answer in zip(*queries, answers, strict=True):
        case = Case(district, dispute, int(as_of))
        later = [text for text in case.rows("events")["text"] if isinstance(text, str)]
        for reason in answer["reasons"]:
            if reason["cue"] is None:
                continue
            told += 1
            words = reason["text"].partition("“")[2].removesuffix("”")
            if reason["start"] is None:
                assert any(words in text for text in later)
            else:
                span = case.own["text"][reason["start"] : reason["end"]]
                assert span and span in words and words in case.own["text"]
    assert told > 40


def test_reasons_and_risks_are_the_same_whatever_the_sex_and_age_of_the_people(
    district: District,
    learned: Trained,
    queries: tuple[list[str], np.ndarray],
    answers: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    persons = district.tables["persons"]
    other = persons["sex"].map({"female": "male", "male": "female"})
    turned = district.with_tables(persons=persons.assign(sex=other, birth_year=3955 - persons["birth_year"]))
    changed = Snapshot.from_folder(turned.write(tmp_path))
    assert assessments(changed, learned.scorer.with_threads(1), *queries) == answers


def test_deadlines_run_from_intake_and_from_the_moment(
    snapshot: Snapshot, queries: tuple[list[str], np.ndarray], answers: list[dict[str, Any]]
) -> None:
    recorded = intakes(snapshot, parse_instant("2024-06-19")).set_index("dispute_id")["intake"]
    colours = Counter(answer["colour"] for answer in answers)
    assert colours["red"] and colours["none"]
    for dispute, as_of, answer in zip(*queries, answers, strict=True):
        due = {deadline["kind"]: parse_instant(deadline["due_at"]) for deadline in answer["deadlines"]}
        assert due["respond"] - recorded[dispute] == DAY // 48 and due["classify"] - recorded[dispute] == DAY
        days = {"none": None, "blue": 7, "yellow": 3, "red": 1}[answer["colour"]]
        assert due.get("review") == (None if days is None else as_of + days * DAY)
