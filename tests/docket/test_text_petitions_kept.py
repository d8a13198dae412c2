"""Amounts that hold the number of a hotline are amounts; the hotlines still go."""

import pytest

from docket.text import prepare


@pytest.mark.parametrize(
    "raw",
    [
        "拖欠停工津贴96000元",
        "借款本金3996612元未还",
        "利息1196916.43元",
        "欠货款12345元",
        "共96110.5元",
        "占地12345平方米",
    ],
)
def test_an_amount_stays(raw: str) -> None:
    assert prepare(raw).text == raw


@pytest.mark.parametrize(
    "raw",
    [
        "打12345投诉街道办，夫妻吵架",
        "12345平台反映未果，夫妻吵架",
        "拨打12345多次投诉街道办，夫妻吵架",
        "拨打96110反映，夫妻吵架",
    ],
)
def test_a_hotline_goes(raw: str) -> None:
    assert prepare(raw).text == "夫妻吵架"
