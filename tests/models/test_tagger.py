"""The learned tagger finds wordings near those that rules know, and what staff have labelled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_district import CUT, District

from docket.snapshot import Snapshot
from docket.text import prepare
from docket.times import DAY, rfc3339
from features.cues import CUES
from features.cues.tagging import clauses, mentions
from models.annotations import staff_labels
from models.corpus import Corpus
from models.lessons import StaffLabel, Taught
from models.reading import clauses_of
from models.tagger import Tagger

ORDINARY = [
    f"{who}{what}{where}"
    for who in ("张某", "李某", "邻居", "楼上", "房东", "老板")
    for what in ("漏水", "停车", "装修", "欠租", "养狗", "堆放杂物", "晚上唱歌", "不肯签字")
    for where in ("影响休息", "请求调解", "已上门", "双方都在", "楼道里", "到期未付")
]
ORDINARY += [
    f"{when}{where}{what}"
    for when in ("昨天", "上周", "今早", "后来", "前天下午")
    for where in ("在楼下", "在单位", "到现场", "")
    for what in ("走了", "看过", "谈了半天", "没谈拢", "打过电话", "吃了饭")
]
THREATS = [
    f"{who}{how}{what}"
    for who in ("丈夫", "对方", "男方", "儿子")
    for how in ("扬言要", "放话要", "说要")
    for what in ("杀了她全家", "弄死对方", "杀他", "杀人", "弄死他们")
]
NEW = "明天就摆灵堂"
"""A threat that no rule reads, as the first test makes sure."""


@pytest.fixture(scope="module")
def taught() -> Tagger:
    return Tagger.fit(Taught.of(["，".join(ORDINARY), *THREATS]), seed=3)


def test_no_rule_reads_the_new_wording() -> None:
    assert all(mention.cue != "threat_kill" for mention in mentions(f"他说{NEW}"))


def test_an_unread_clause_counts_what_it_is_expected_to_be_worth() -> None:
    labels = [StaffLabel(f"{who}{NEW}", "threat_kill", True) for who in ("他说", "男的讲", "放话", "邻居吼")]
    learned = Tagger.fit(Taught.of(["，".join(ORDINARY), *THREATS], labels), seed=3)
    told = ["昨天漏水", f"昨天漏水，他喊{NEW}", "昨天漏水，扬言要弄死对方", f"昨天漏水，没有喊{NEW}"]
    plain, unread, read, denied = learned.expected_points(Corpus.read(told, clauses_of))
    # what a rule reads is in the cue columns already, and what is denied is worth nothing
    assert read == denied == plain
    assert (
        plain
        < 0.5
        < unread - plain
        <= 1.01 * sum(cue.points for cue in CUES if cue.name == "threat_kill") / 2
    )
    (alone,) = learned.expected_points(Corpus.read(told[1:2], clauses_of))
    assert alone == unread


def test_a_labelled_wording_is_found_in_other_company(taught: Tagger) -> None:
    told = f"昨天下午在楼下，冲着人喊{NEW}，后来走了"
    column = taught.cues.index("threat_kill")
    before = taught.probabilities([f"冲着人喊{NEW}"])[0, column]
    labels = [StaffLabel(f"{who}{NEW}", "threat_kill", True) for who in ("他说", "男的讲", "放话", "邻居吼")]
    learned = Tagger.fit(Taught.of(["，".join(ORDINARY), *THREATS], labels), seed=3)
    (found,) = [found for found in learned.suggest(told) if found.cue == "threat_kill"]
    assert len(set(told[found.start : found.end]) & set(NEW)) >= 4
    assert found.probability > 2 * before


def test_what_staff_say_is_not_there_outweighs_the_rules(taught: Tagger) -> None:
    clause = "对方扬言要弄死对方"
    labels = [StaffLabel(clause, "threat_kill", False)]
    told = Tagger.fit(Taught.of(["，".join(ORDINARY), *THREATS], labels), seed=3)
    column = taught.cues.index("threat_kill")
    assert told.probabilities([clause])[0, column] < taught.probabilities([clause])[0, column]


def test_what_a_rule_reads_is_not_suggested_again(taught: Tagger) -> None:
    text = "，".join(THREATS[:3])
    assert "threat_kill" not in {found.cue for found in taught.suggest(text)}


def test_ordinary_clauses_stay_without_suggestions(taught: Tagger) -> None:
    assert len(taught.suggest("，".join(ORDINARY))) <= 0.02 * len(ORDINARY)


def test_a_denied_suggestion_is_denied(taught: Tagger) -> None:
    labels = [StaffLabel(f"{who}{NEW}", "threat_kill", True) for who in ("他说", "男的讲", "放话", "邻居吼")]
    learned = Tagger.fit(Taught.of(["，".join(ORDINARY), *THREATS], labels), seed=3)
    found = [found for found in learned.suggest(f"没有说{NEW}") if found.cue == "threat_kill"]
    assert [finding.polarity for finding in found] == ["denied"]
    found = [found for found in learned.suggest(f"听见喊{NEW}") if found.cue == "threat_kill"]
    assert [finding.polarity for finding in found] == ["asserted"]


def test_saved_and_read_again_it_gives_the_same(taught: Tagger, tmp_path: Path) -> None:
    taught.save(tmp_path)
    again = Tagger.load(tmp_path)
    clauses = [*THREATS[:5], *ORDINARY[:5]]
    np.testing.assert_allclose(again.probabilities(clauses), taught.probabilities(clauses), atol=1e-6)
    assert again.cues == taught.cues


def _labelled(district: District, folder: Path, rows: list[dict[str, object]]) -> Snapshot:
    columns = ["annotation_id", "dispute_id", "cue", "present", "recorded_at", "start", "end"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.astype({"start": "Int64", "end": "Int64", "present": bool})
    return Snapshot.from_folder(district.with_tables(annotations=table).write(folder))


def test_a_span_that_staff_mark_teaches_the_clause_under_it(district: District, tmp_path: Path) -> None:
    dispute = district.tables["disputes"].iloc[0]
    prepared = prepare(dispute["text"])
    begin, clause = list(clauses(prepared.text))[1]
    start, end = prepared.span(begin + 1, begin + len(clause))
    said = {"dispute_id": dispute["dispute_id"], "cue": "ruin", "present": True, "start": start, "end": end}
    rows: list[dict[str, object]] = [
        {"annotation_id": "a1", "recorded_at": rfc3339(CUT - 9 * DAY), **said},
        {"annotation_id": "late", "recorded_at": rfc3339(CUT + DAY), **said, "cue": "fear"},
        {"annotation_id": "a2", "recorded_at": rfc3339(CUT - 9 * DAY), **said, "cue": "grudge"},
        # thought better of
        {"annotation_id": "a0", "recorded_at": rfc3339(CUT - DAY), **said, "cue": "grudge", "present": False},
    ]
    labels = staff_labels(_labelled(district, tmp_path / "labelled", rows), CUT)
    assert {(label.clause, label.cue) for label in labels} == {(clause, "ruin"), (clause, "grudge")}
    assert Taught.of([], labels).staff == {"ruin": {clause: True}, "grudge": {clause: False}}


def test_a_label_without_a_span_is_about_what_the_rules_read(district: District, tmp_path: Path) -> None:
    disputes = district.tables["disputes"]
    spoken = {
        (row.dispute_id, clause): mention.cue
        for row in disputes.itertuples()
        for _, clause in clauses(prepare(row.text).text)
        for mention in mentions(clause)
    }
    (dispute, clause), cue = next(iter(spoken.items()))
    row = {"annotation_id": "a", "dispute_id": dispute, "cue": cue, "present": False}
    known = _labelled(district, tmp_path / "labelled", [row | {"recorded_at": rfc3339(CUT - DAY)}])
    found = staff_labels(known, CUT)
    assert StaffLabel(clause, cue, False) in found
    assert all(label.cue == cue and not label.present for label in found)
