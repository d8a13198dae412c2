"""Identifiers in narratives become one-token markers before a model, a log or an analyst sees them.

A number is masked by its shape alone: a checksum that fails is a slip of the pen, not a reason to show it.
What is missed, and what is masked without need, is measured by `bench/masking.py` (docs/masking.md).
"""

from __future__ import annotations

import re
from re import Match
from typing import Final

from docket.text.draft import Draft

IDENTITY: Final = "〔证件〕"
PHONE: Final = "〔电话〕"
PLATE: Final = "〔车牌〕"
CARD: Final = "〔卡号〕"
ACCOUNT: Final = "〔账号〕"
ADDRESS: Final = "〔地址〕"
MARKERS: Final = (IDENTITY, PHONE, PLATE, CARD, ACCOUNT, ADDRESS)

# Digits read out: 幺 and 洞 of the telephone, 两, 拐 and 勾 of the radio.
_SPOKEN: Final = "零〇洞一幺二两三四五六七拐八九勾"
_GAP: Final = r"(?:[ ]{0,2}[-–—‐ ]?[ ]?)"
_DIGITS: Final = re.compile(rf"\d[\d \-–—‐()Xx.·]{{4,}}|[{_SPOKEN}](?:[ -]{{0,2}}[{_SPOKEN}]){{6}}")
_NUMBERS: Final = re.compile(
    r"(?<![\d.])(?:"
    # written in one piece
    r"(?P<id18>[1-9]\d{16}[\dXx](?![\dXx]))"
    r"|(?P<card>\d{16}(?!\d)|\d{17}(?!\d)|\d{19}(?!\d))"
    r"|(?P<id15>[1-9]\d{14}(?![\dXx]))"
    r"|(?P<mobile>(?:(?:\+|00)?86[- ]?)?1[3-9]\d{9}(?!\d))"
    # split by spaces or hyphens
    rf"|(?P<id18s>[1-9](?:{_GAP}\d){{16}}{_GAP}[\dXx](?![ -]?[\dXx]))"
    r"|(?P<cards>\d{4}(?:[ -]{1,2}\d{4}){3}(?:[ -]{1,2}\d{1,3})?(?![ -]?\d))"
    rf"|(?P<id15s>[1-9]\d{{5}}{_GAP}\d{{6}}{_GAP}\d{{3}}(?![ -]?\d))"
    rf"|(?P<mobiles>(?:(?:\+|00)?86{_GAP})?1{_GAP}[3-9](?:{_GAP}\d){{9}}(?!\d))"
    r"|(?P<mobiledots>1[3-9]\d[.·]\d{4}[.·]\d{4}(?!\d))"
    r"|(?P<service>[48]00[- ]?\d{3}[- ]?\d{4}(?!\d))"
    r"|(?P<landline>(?:\(?0(?:10|2\d|[3-9]\d{2})\)?|（0(?:10|2\d|[3-9]\d{2})）)[- ]?[2-8]\d{6,7}(?:[- 转]{1,2}\d{1,5})?(?!\d))"
    r"|(?P<long>\d{9,}(?![\d.]?\d*[万亿元块]))"
    r")"
    # 一 or 两 after the eleventh digit begins another word (一直, 两次), unless a digit follows it.
    rf"|(?<![{_SPOKEN}])(?P<spoken>[一幺][ -]{{0,2}}[三四五六七拐八九勾](?:[ -]{{0,2}}[{_SPOKEN}]){{9}})(?![{_SPOKEN}]{{2}}|(?![一两])[{_SPOKEN}])"
)
_GROUP_MARKER: Final = {
    "id18": IDENTITY, "id18s": IDENTITY, "id15": IDENTITY, "id15s": IDENTITY,
    "card": CARD, "cards": CARD,
    "mobile": PHONE, "mobiles": PHONE, "mobiledots": PHONE, "service": PHONE, "landline": PHONE, "spoken": PHONE,
    "long": ACCOUNT,
}  # fmt: skip
_LOCAL_PHONE: Final = re.compile(
    r"(?:电话|座机|固话|号码|致电|联系)[^\d，。]{0,4}([2-8]\d{2,3}[- ]?\d{4})(?!\d)"
)

_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[A-HJ-NP-Za-hj-np-z][\s·•.\-]?"
    r"(?:[A-HJ-NP-Za-hj-np-z0-9]{6}|[A-HJ-NP-Za-hj-np-z0-9]{5}|[A-HJ-NP-Za-hj-np-z0-9]{4}[挂学警港澳领使])(?![A-Za-z0-9])"
)
_HANDLE: Final = re.compile(
    r"(?i)(?:(?<=微信号)|(?<=微信)|(?<=vx)|(?<=QQ)|(?<=QQ号)|(?<=抖音号)|(?<=快手号)|(?<=支付宝))"
    r"[是为:： ]{0,2}(?P<name>(?=[\w\-]*\d)[A-Za-z0-9_][A-Za-z0-9_\-]{4,19})(?![A-Za-z0-9_])"
)
_EMAIL: Final = re.compile(
    r"(?a:(?<![A-Za-z0-9])[A-Za-z0-9][\w.+\-]{1,40}@[A-Za-z0-9\-]{1,30}(?:\.[A-Za-z]{2,8}){1,3})"
)

# A street's or a village's name runs back to one of these: they start or govern another phrase, and a
# verb of violence must never vanish into an address.
_STOP: Final = "\\s，。、；：！？,.;:!?（）()\u300a\u300b“”\"'〔〕0-9到在于从至去住往经过沿自是系把被将我你他她它其的了和与及跟对向为有来回地给让因刀棍打伤砍杀跳掐勒喝酒骂吵威胁持拿用出入抵"
_NAME: Final = f"[^{_STOP}]"
_NUM: Final = r"(?:[A-Za-z]?\d{1,5}(?:[-—－]\d{1,5}){0,3}|[一二三四五六七八九十百零〇]{1,5}|[甲乙丙丁])"
_INNER: Final = (
    rf"(?:\s?(?:附|之|第)?{_NUM}\s?(?:号楼|号院|号|栋|幢|座|单元|楼|层|室|户|房|门|组|社|队|弄|支弄|附)"
    rf"|\s?(?:[A-Ha-h][座栋幢]|\d{{1,3}}#楼?)"
    rf"|(?<=[元楼号栋幢座层#])[\s-]?(?:\d{{1,2}}-\d{{3,4}}|\d{{2,4}})(?![\d年月日元万天次时点分]))"
)
_ADMIN: Final = rf"(?:{_NAME}{{2,4}}(?:自治区|自治州|新区|开发区|省|市|区|县|州|旗|街道|镇|乡))"
_ADDRESS: Final = re.compile(
    rf"{_ADMIN}{{0,4}}(?:"
    rf"{_NAME}{{1,5}}?(?:大道|大街|胡同|公路|街道|路|街|巷|道|里弄|弄)(?:[东西南北中][段路侧]?)?\s?{_NUM}(?:号院|号楼|号|弄)(?!线|公交|令)(?:{_NAME}{{2,8}}(?:小区|花园|家园|公寓|苑|园|城|大厦|广场|家属院))?{_INNER}*"
    rf"|{_NAME}{{1,7}}?(?:小区|花园|家园|公寓|新村|苑|嘉园|华府|名城|大厦|广场|家属院|大院|社区)(?:[东西南北ABCD一二三四五]区)?{_INNER}+"
    rf"|{_NAME}{{1,5}}?(?:村|庄|屯|寨|堡|湾)(?:委会)?{_NUM}(?:组|社|队|号){_INNER}*"
    rf")"
    rf"|{_NUM}(?:号楼|栋|幢|座|号院)\s?{_NUM}单元(?:\s?{_NUM}(?:室|户|房|号|楼|层)?)?(?:\s?\d{{3,4}}(?:室|户|房)?)?"
    rf"|\d{{1,2}}单元\s?\d{{3,4}}(?:室|户|房|号)?|\d{{1,3}}(?:栋|幢|号楼)\s?\d{{3,4}}(?:室|户|房|号)?|(?<!\d)\d{{1,3}}-\d{{1,2}}-\d{{3,4}}(?!\d)(?:室|户|房)?"
    # 3号楼2-502, 3#楼502, A座1101, and a room by itself
    rf"|(?<![\dA-Za-z])(?:\d{{1,3}}(?:栋|幢|号楼)\s?\d{{1,2}}-|\d{{1,3}}#楼?[\s-]?(?:\d{{1,2}}-)?|[A-Ha-h]座\s?(?:\d{{1,2}}-)?)\d{{3,4}}(?![\d.年月日元万块人平多余])(?:室|户|房(?![产屋])|号)?"
    r"|(?<![\d.])\d{3,4}[ -]{0,2}室(?![内外友温])"
)
_ADDRESS_HINT: Final = re.compile(r"[号栋幢室组社队弄座户房楼#]|单元|\d-\d")


def _number(match: Match[str]) -> str | None:
    return _GROUP_MARKER[match.lastgroup or "long"]


def mask(draft: Draft) -> None:
    """Replace identity numbers, phones, cards, plates, accounts and addresses by their markers."""
    # First, since an address may begin with what reads as a phone or an account by itself.
    if "@" in draft.text:
        draft.substitute(_EMAIL, ACCOUNT)
    text = draft.text
    if _DIGITS.search(text):
        draft.substitute(_NUMBERS, _number)
        draft.substitute(_LOCAL_PHONE, PHONE, group=1)
    draft.substitute(_PLATE, PLATE)
    draft.substitute(_HANDLE, ACCOUNT, group="name")
    if _ADDRESS_HINT.search(text):
        draft.substitute(_ADDRESS, ADDRESS)
