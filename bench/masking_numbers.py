"""Held-out identity numbers, telephones, plates, bank cards and accounts, in the ways people write them.

Written down before the rules of masking were read. Every number is drawn at random from a seeded generator.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

Maker = Callable[[Random], str]


class Form(NamedTuple):
    """One way of writing one kind of identifier."""

    kind: str
    shape: str
    make: Maker


_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_AREAS: Final = (
    "620102",
    "620103",
    "620104",
    "620121",
    "622301",
    "632123",
    "640104",
    "510107",
    "411628",
    "130425",
)
_PROVINCES: Final = "甘青宁陕川豫新蒙京沪粤苏浙鲁冀"
_NUMERALS: Final = "零一二三四五六七八九"
_FULL: Final = str.maketrans("0123456789Xx-+", "０１２３４５６７８９Ｘｘ－＋")
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def _digits(rng: Random, n: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(n))


def _born(rng: Random) -> str:
    return f"{rng.randint(1940, 2008)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"


def _check(body: str) -> str:
    return "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def _id(rng: Random, *, ending: str | None = None, slip: bool = False) -> str:
    while True:
        body = rng.choice(_AREAS) + _born(rng) + _digits(rng, 3)
        check = _check(body)
        if slip:
            return body + rng.choice([c for c in "0123456789" if c != check])
        if ending is None and check != "X":
            return body + check
        if ending is not None and check == "X":
            return body + ending


def _id15(rng: Random) -> str:
    return rng.choice(_AREAS) + _born(rng)[2:] + _digits(rng, 3)


def _mobile(rng: Random) -> str:
    return (
        "1" + rng.choice(["38", "39", "36", "50", "59", "77", "81", "86", "91", "99", "66"]) + _digits(rng, 8)
    )


def _land(rng: Random) -> str:
    return rng.choice("2345678") + _digits(rng, 6)


def _numerals(value: str, *, one: str = "一", zero: str = "零") -> str:
    return "".join(_NUMERALS[int(d)] for d in value).replace("一", one).replace("零", zero)


def _grouped(value: str, sizes: tuple[int, ...], by: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return by.join(part for part in (*parts, value[at:]) if part)


def _letters_for_digits(value: str) -> str:
    """Write O for nought and l for one, as a typist in a hurry does."""
    return value[:1] + value[1:].replace("0", "O").replace("1", "l")


def _having(make: Maker, wanted: str) -> Maker:
    """Draw until one of the digits that are to be written otherwise is in it, past the first."""

    def drawn(rng: Random) -> str:
        while not set(wanted) & set((value := make(rng))[1:]):
            pass
        return value

    return drawn


def _with(make: Maker, sizes: tuple[int, ...], by: str) -> Maker:
    return lambda rng: _grouped(make(rng), sizes, by)


def _tail(rng: Random) -> str:
    return "".join(
        rng.choice("0123456789" + _LETTERS) if i == 1 else rng.choice("0123456789") for i in range(5)
    )


def _plate(rng: Random, by: str = "", *, green: bool = False) -> str:
    head = rng.choice(_PROVINCES) + rng.choice("ABCDEFGH")
    return head + by + (rng.choice("DF") if green else "") + _tail(rng)


def _card(n: int) -> Maker:
    return lambda rng: rng.choice(["62", "62", "62", "43", "52"]) + _digits(rng, n - 2)


def _account(rng: Random) -> str:
    return (
        rng.choice(["zhang", "liwei", "mama", "lan", "xiaoyu"]) + rng.choice(["_", "", "-"]) + _digits(rng, 4)
    )


_MOBILE344: Final = (3, 4, 4)
_CARD4: Final = (4, 4, 4, 4, 4)

NUMBERS: Final = (
    Form("identity number", "18 digits", _id),
    Form("identity number", "18 digits, wrong check digit", lambda r: _id(r, slip=True)),
    Form("identity number", "ends in X", lambda r: _id(r, ending="X")),
    Form("identity number", "ends in x", lambda r: _id(r, ending="x")),
    Form("identity number", "ends in ×", lambda r: _id(r, ending="×")),
    Form("identity number", "15 digits", _id15),
    Form("identity number", "spaced 6 8 4", _with(_id, (6, 8, 4), " ")),
    Form("identity number", "hyphens 6-8-4", _with(_id, (6, 8, 4), "-")),
    Form("identity number", "spaced by fours", _with(_id, _CARD4, " ")),
    Form("identity number", "spaced 3 3 4 4 4", _with(_id, (3, 3, 4, 4, 4), " ")),
    Form("identity number", "full width", lambda r: _id(r).translate(_FULL)),
    Form("identity number", "full width, ends in Ｘ", lambda r: _id(r, ending="X").translate(_FULL)),
    Form("identity number", "broken over a line", _with(_id, (10, 8), "\n")),
    Form("identity number", "one digit dropped", lambda r: _id(r)[:9] + _id(r)[10:]),
    Form("identity number", "one digit doubled", lambda r: (v := _id(r))[:9] + v[8] + v[9:]),
    Form("identity number", "numerals 六二零", lambda r: _numerals(_id(r))),
    Form("identity number", "O for 0, l for 1", lambda r: _letters_for_digits(_having(_id, "01")(r))),
    Form("identity number", "starred by the writer", lambda r: (v := _id(r))[:6] + "********" + v[14:]),
    Form("passport, permit", "E and 8 digits", lambda r: r.choice("EGH") + _digits(r, 8)),
    Form("mobile", "11 digits", _mobile),
    Form("mobile", "spaced 3 4 4", _with(_mobile, _MOBILE344, " ")),
    Form("mobile", "hyphens 3-4-4", _with(_mobile, _MOBILE344, "-")),
    Form("mobile", "dots 3.4.4", _with(_mobile, _MOBILE344, ".")),
    Form("mobile", "spaced 4 4 3", _with(_mobile, (4, 4, 3), " ")),
    Form("mobile", "spaced 3 3 5", _with(_mobile, (3, 3, 5), " ")),
    Form("mobile", "digit by digit", _with(_mobile, (1,) * 11, " ")),
    Form("mobile", "+86", lambda r: "+86" + _mobile(r)),
    Form("mobile", "+86 spaced", lambda r: "+86 " + _grouped(_mobile(r), _MOBILE344, " ")),
    Form("mobile", "0086", lambda r: "0086" + _mobile(r)),
    Form("mobile", "86-", lambda r: "86-" + _mobile(r)),
    Form("mobile", "(+86)", lambda r: "(+86)" + _mobile(r)),
    Form("mobile", "full width", lambda r: _mobile(r).translate(_FULL)),
    Form("mobile", "full width, hyphens", lambda r: _grouped(_mobile(r), _MOBILE344, "-").translate(_FULL)),
    Form("mobile", "numerals 一三八", lambda r: _numerals(_mobile(r))),
    Form("mobile", "numerals 幺三八", lambda r: _numerals(_mobile(r), one="幺", zero="洞")),
    Form("mobile", "numerals, 〇", lambda r: _numerals(_having(_mobile, "0")(r), zero="〇")),
    Form("mobile", "numerals, spaced", lambda r: _grouped(_numerals(_mobile(r)), _MOBILE344, " ")),
    Form("mobile", "half numerals", lambda r: (v := _mobile(r))[:3] + _numerals(v[3:7]) + v[7:]),
    Form("mobile", "O for 0, l for 1", lambda r: _letters_for_digits(_having(_mobile, "01")(r))),
    Form("mobile", "one digit dropped", lambda r: _mobile(r)[:10]),
    Form("mobile", "two with a slash", lambda r: f"{_mobile(r)}/{_mobile(r)}"),
    Form("landline", "0931-7", lambda r: "0931-" + _land(r)),
    Form("landline", "0931 7", lambda r: "0931 " + _land(r)),
    Form("landline", "09317", lambda r: "0931" + _land(r)),
    Form("landline", "(0931)7", lambda r: "(0931)" + _land(r)),
    Form("landline", "（0931）7", lambda r: "（0931）" + _land(r)),
    Form("landline", "010-8", lambda r: "010-6" + _land(r)),
    Form("landline", "0931-7 with extension", lambda r: f"0931-{_land(r)}转{r.randint(101, 999)}"),
    Form("landline", "7 digits alone", _land),
    Form("plate", "甘A12345", _plate),
    Form("plate", "甘A·12345", lambda r: _plate(r, "·")),
    Form("plate", "甘A•12345", lambda r: _plate(r, "•")),
    Form("plate", "甘A 12345", lambda r: _plate(r, " ")),
    Form("plate", "甘A-12345", lambda r: _plate(r, "-")),
    Form("plate", "甘A.12345", lambda r: _plate(r, ".")),
    Form("plate", "甘a12345", lambda r: _plate(r).lower()),
    Form("plate", "full width", lambda r: "甘Ａ" + _digits(r, 5).translate(_FULL)),
    Form("plate", "new energy", lambda r: _plate(r, green=True)),
    Form("plate", "new energy with dot", lambda r: _plate(r, "·", green=True)),
    Form("plate", "ends in 挂, 学, 警", lambda r: _plate(r)[:6] + r.choice("挂学警")),
    Form("plate", "without the province", lambda r: _plate(r)[1:]),
    Form("bank card", "16 digits", _card(16)),
    Form("bank card", "17 digits", _card(17)),
    Form("bank card", "18 digits", _card(18)),
    Form("bank card", "19 digits", _card(19)),
    Form("bank card", "16 by fours, spaces", _with(_card(16), _CARD4, " ")),
    Form("bank card", "19 by fours, spaces", _with(_card(19), _CARD4, " ")),
    Form("bank card", "19 by fours, hyphens", _with(_card(19), _CARD4, "-")),
    Form("bank card", "19 as 6 and 13", _with(_card(19), (6, 13), " ")),
    Form("bank card", "19 full width", lambda r: _card(19)(r).translate(_FULL)),
    Form("account", "WeChat name", _account),
    Form("account", "QQ number", lambda r: r.choice("123456789") + _digits(r, r.choice([7, 8, 9]))),
    Form("account", "e-mail", lambda r: f"{_account(r)}@{r.choice(['qq.com', '163.com', 'sina.cn'])}"),
)
