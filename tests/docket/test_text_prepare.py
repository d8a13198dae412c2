"""What a prepared narrative looks like, and the way back to what was submitted."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from docket.text import prepare
from docket.text.folding import aligned


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("他拿著刀，進(jìn)門", "他拿着刀，进门"),
        ("对（duì）方进(jin4)来，進(ㄐㄧㄣˋ)屋，他说(shuō huà)", "对方进来，进屋，他说"),
        ("他进jìn门后打duò人", "他进门后打人"),
        ("名著《红楼梦》，編著者", "名著红楼梦，编著者"),
        ("\u3000争吵, 打人。\r\n", "争吵，打人"),
        ("ＡＢ１２，ｏｋ", "AB12，ok"),
        ("持\u200b刀\ufeff威\u2060胁", "持刀威胁"),
        ("持 刀 威胁", "持刀威胁"),
        ("打我！！！？……骂我——走了", "打我，骂我，走了"),
        ("气死我了😡😡他来了👍🏽", "气死我了，他来了"),
        ("扬言：“杀你全家”", "扬言杀你全家"),
        ("情况如下：他打我", "情况如下，他打我"),
        ("赔偿12,000元，约1.5万，10:30到", "赔偿12000元，约1.5万，10:30到"),
        ("没有殴打、辱骂", "没有殴打、辱骂"),
        ("丈夫（醉酒）打人", "丈夫，醉酒，打人"),
        ("第一行\n第二行", "第一行，第二行"),
        ("a\ud800b他打我", "ab他打我"),
        ("<ruby>进<rp>(</rp><rt>jìn</rt><rp>)</rp></ruby>门", "进门"),
        ("，。！", ""),
        ("", ""),
    ],
)
def test_text_is_normalised(raw: str, text: str) -> None:
    assert prepare(raw).text == text


def test_spans_lead_back_to_what_was_submitted() -> None:
    raw = "\u3000他 進(jìn)門, 電話138-1234-5678，扬言：“跳樓”。"
    prepared = prepare(raw)
    for word, written in (("进门", "進(jìn)門"), ("〔电话〕", "138-1234-5678"), ("跳楼", "跳樓")):
        start = prepared.text.index(word)
        low, high = prepared.span(start, start + len(word))
        assert raw[low:high] == written
    start = prepared.text.index("电话〕")
    low, high = prepared.span(start, start + 1)
    assert raw[low:high] == "138-1234-5678", "any part of a marker stands for the whole identifier"
    assert prepared.locate(raw.index("跳"), raw.index("樓") + 1) == (
        prepared.text.index("跳"),
        prepared.text.index("楼") + 1,
    )
    assert prepared.locate(0, 1) is None


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not a span"):
        prepare("打人").span(0, 3)


_ANY = st.text(
    alphabet=st.one_of(
        st.characters(codec=None),
        st.sampled_from(
            "他打人進門跳樓著上访信告村政府到多次，。、 (jìn)（）0123456789Xx甘A-路号室<>rt\u200b\ud800"
        ),
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(_ANY)
@example("上上访访")
@example("0" * 60)
def test_any_string_prepares_to_clean_text_whose_offsets_hold(raw: str) -> None:
    prepared = prepare(raw)
    text = prepared.text
    assert len(prepared.offsets) == len(prepared.ends) == len(text)
    assert list(prepared.offsets) == sorted(prepared.offsets)
    assert all(0 <= low < high <= len(raw) for low, high in zip(prepared.offsets, prepared.ends, strict=True))
    assert not text.startswith("，") and not text.endswith("，") and "，，" not in text
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs"} for character in text)
    text.encode()


@settings(max_examples=300, deadline=None)
@given(_ANY)
@example("时速㎮")
@example("½")
def test_preparing_twice_changes_nothing(raw: str) -> None:
    once = prepare(raw).text
    assert prepare(once).text == once


def test_a_conversion_that_changes_the_length_is_aligned() -> None:
    from docket.text.draft import Draft

    for old, new in (
        ("他用滑鼠打人", "他用鼠标器打人"),
        ("甲乙丙", "乙丙丁"),
        ("甲", "子甲丑"),
        ("乙甲", "甲乙甲乙"),
    ):
        draft = Draft.of(old)
        draft.apply(aligned(old, new))
        assert draft.text == new
        assert len(draft.starts) == len(new)
