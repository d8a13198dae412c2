"""A danger that is told in one breath with a petition is kept whole."""

import pytest

from docket.text import prepare
from features.cues import CUES

LEADS = (
    "去市政府讨说法不成就",
    "到区政府讨公道还",
    "找书记要说法不行就",
    "给省长写过信又",
    "拨打12345投诉街道办后",
    "多次到信访局上访并",
    "在市委门前举着牌子还",
)


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.name)
def test_no_words_of_a_cue_go_with_a_petition(cue) -> None:
    for danger in cue.examples:
        alone = prepare(danger).text
        for lead in LEADS:
            assert alone in prepare(lead + danger).text


@pytest.mark.parametrize("danger", ["轻生", "抹脖子", "喝敌敌畏", "弄他全家", "不活了", "掐住她脖子"])
def test_no_danger_is_swallowed_by_the_end_of_a_petition(danger: str) -> None:
    for lead in LEADS:
        assert danger in prepare(lead + danger).text


@pytest.mark.parametrize("word", ["被", "去", "天天", "告", "全省"])
def test_a_text_without_a_stop_is_still_read_to_its_end(word: str) -> None:
    text = word * (20_000 // len(word))
    assert "跳楼" in prepare(text + "市委，扬言跳楼").text
