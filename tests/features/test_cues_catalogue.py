"""Cues: every example is read as asserted, every counter-example isn't, and floors hold."""

from __future__ import annotations

import numpy as np
import pytest

from docket.text import prepare
from features.cues import BY_NAME, CUE_COLUMNS, CUES, checklist, cue_matrix, floor, polar_clauses, tag

EXAMPLES = [(cue.name, text) for cue in CUES for text in cue.examples]
COUNTER = [(cue.name, text) for cue in CUES for text in cue.counter_examples]


def asserted(text: str) -> set[str]:
    return {finding.cue for finding in tag(prepare(text).text) if finding.polarity == "asserted"}


@pytest.mark.parametrize(("cue", "text"), EXAMPLES)
def test_an_example_asserts_its_cue(cue: str, text: str) -> None:
    assert cue in asserted(text)


@pytest.mark.parametrize(("cue", "text"), COUNTER)
def test_a_counter_example_does_not(cue: str, text: str) -> None:
    assert cue not in asserted(text)


def test_every_cue_has_its_meaning_stated() -> None:
    assert len(CUES) >= 20
    assert len({cue.name for cue in CUES}) == len(CUES)
    for cue in CUES:
        assert cue.definition and cue.instrument and cue.title and cue.examples and cue.counter_examples


@pytest.mark.parametrize(
    "text",
    [
        "家长扬言跳楼",
        "家长因入学问题来访，情绪激动，扬言再不解决就从教学楼跳下去。",
        "男方酒后掐住女方脖子",
        "持刀上门，扬言杀他全家",
        "拎着汽油到店里说要一把火烧了",
        "说不想活了，要喝农药",
        "说不想活了并买了农药",
        "没钱要跳楼",
        "工人爬上塔吊不肯下来，称要不到工资就跳楼",
        "不排除其跳楼的可能",
        "民警劝其不要跳楼",
        "没有拿到工资就扬言跳楼",
    ],
)
def test_a_stated_danger_is_a_floor(text: str) -> None:
    assert floor(tag(prepare(text).text))


@pytest.mark.parametrize(
    "text",
    [
        "他没有说过要跳楼",
        "电视剧里有人跳楼",
        "手持水果刀",
        "没有掐脖子的行为",
        "否认有自杀想法",
        "曾有人在此跳楼自杀，住户要求减租",
        "跳广场舞噪音扰民",
        "担心他跳楼",
        "听说有人要放火",
        "扬言跳楼，后称只是气话",
        "报称有人放火，经核实不属实",
        "现场未发现刀具，未发现有威胁言语",
        "村民喷洒农药飘到邻家菜地",
    ],
)
def test_what_was_not_meant_is_no_floor(text: str) -> None:
    assert not floor(tag(prepare(text).text))


def test_the_span_marks_the_words_themselves() -> None:
    raw = "进(jìn)門後，家長揚言：“跳楼！”"
    prepared = prepare(raw)
    (finding,) = [f for f in tag(prepared.text) if f.cue == "threat_jump"]
    start, end = prepared.span(finding.start, finding.end)
    assert raw[start:end] == "跳楼"


def test_saying_it_twice_changes_nothing() -> None:
    once, twice = "手持水果刀，掐住对方脖子", "手持水果刀，掐住对方脖子，手持水果刀"
    assert np.array_equal(cue_matrix([once]), cue_matrix([twice]))
    assert (
        checklist([once]) == checklist([twice]) == BY_NAME["weapon"].points + BY_NAME["strangulation"].points
    )


def test_a_denied_cue_is_told_apart_from_none() -> None:
    matrix = cue_matrix(["没有掐脖子的行为", "物业维修不及时", "掐住对方脖子"])
    asserted_at, denied_at = (
        CUE_COLUMNS.index("cue_strangulation"),
        CUE_COLUMNS.index("cue_strangulation_denied"),
    )
    assert matrix[:, asserted_at].tolist() == [0, 0, 1]
    assert matrix[:, denied_at].tolist() == [1, 0, 0]


def test_nothing_is_read_across_a_line_end() -> None:
    assert not floor(tag("电视剧里\n没有\n不"))
    assert floor(tag("没有\n扬言跳楼"))


def test_clauses_carry_how_they_are_meant() -> None:
    senses = [(c.text, c.sense, c.cue) for c in polar_clauses("手持水果刀，未造成人员受伤，双方同意调解")]
    assert senses == [
        ("手持水果刀", "plain", True),
        ("未造成人员受伤", "denied", False),
        ("双方同意调解", "plain", False),
    ]
