"""The same report as somebody else would have written or copied it: script, debris, slips, marks, order.

The slips of the pen are confusions that any Chinese spelling book warns of; they were written without sight
of the simulator's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import numpy as np
import opencc

Perturbation = Callable[[str, np.random.Generator], str]

CONFUSED = {
    "的": "地", "得": "的", "在": "再", "再": "在", "做": "作", "作": "做", "己": "已", "已": "己",
    "像": "象", "那": "哪", "即": "既", "份": "分", "到": "倒", "以": "已", "他": "她", "她": "他",
    "很": "狠", "座": "坐", "必": "毕", "竟": "竞", "复": "覆", "连": "联", "申": "伸", "查": "察",
    "账": "帐", "需": "须", "象": "像",
}  # fmt: skip
READINGS = {
    "的": "de", "不": "bù", "了": "le", "人": "rén", "一": "yī", "要": "yào", "打": "dǎ", "说": "shuō",
    "对": "duì", "上": "shàng", "门": "mén", "家": "jiā", "方": "fāng", "杀": "shā", "死": "sǐ", "刀": "dāo",
    "酒": "jiǔ", "跳": "tiào", "楼": "lóu", "砍": "kǎn", "钱": "qián", "报": "bào", "闹": "nào",
}  # fmt: skip
SLIPS = 0.01
DEBRIS = 0.05
LINE_ENDS = 0.01


@cache
def _traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


def traditional(text: str, rng: np.random.Generator) -> str:
    """In traditional script."""
    return str(_traditional().convert(text))


def ruby(text: str, rng: np.random.Generator) -> str:
    """Readings in brackets after some characters, as copying a page with ruby leaves them."""
    return "".join(f"{c}({READINGS[c]})" if c in READINGS and rng.random() < 4 * DEBRIS else c for c in text)


def debris(text: str, rng: np.random.Generator) -> str:
    """Spaces and invisible characters between characters, as forms and scans leave them."""
    marks = (" ", "\u200b", "\u3000", "\ufeff")
    return "".join(c + (marks[rng.integers(len(marks))] if rng.random() < DEBRIS else "") for c in text)


def lines(text: str, rng: np.random.Generator) -> str:
    """Line ends inside of sentences, one after a hundred characters."""
    return "".join(c + ("\r\n" if rng.random() < LINE_ENDS else "") for c in text)


def slips(text: str, rng: np.random.Generator) -> str:
    """One character in a hundred confused, doubled, left out or changed with its neighbour."""
    out: list[str] = []
    for c in text:
        drawn = rng.random()
        if c in CONFUSED and drawn < 5 * SLIPS:
            out.append(CONFUSED[c])
        elif drawn < SLIPS / 3:
            out += [c, c]
        elif drawn < 2 * SLIPS / 3:
            continue
        elif drawn < SLIPS and out:
            out.insert(-1, c)
        else:
            out.append(c)
    return "".join(out)


def marks(text: str, rng: np.random.Generator) -> str:
    """Other marks in the same places: half-width, doubled, an exclamation for a stop."""
    other = {"，": (",", "，，", "， ", "；", "、"), "。": (".", "！", "。。", "!!"), "；": (";", "，")}
    return "".join(str(rng.choice(other[c])) if c in other else c for c in text)


def order(text: str, rng: np.random.Generator) -> str:
    """Sentences in another order; within a sentence the clauses keep theirs, for they refer to each other."""
    sentences = [part for part in re.split(r"(?<=[。！？!?])", text) if part]
    return "".join(sentences[place] for place in rng.permutation(len(sentences)))


def clauses(text: str, rng: np.random.Generator) -> str:
    """Clauses in another order, whatever refers to what."""
    body = re.split(r"[，,。；;！!？?]", text.strip("。；，"))
    return "，".join(body[place] for place in rng.permutation(len(body))) + "。"


PERTURBATIONS: dict[str, Perturbation] = {
    "traditional script": traditional,
    "readings in brackets": ruby,
    "spaces and invisible marks": debris,
    "line ends within sentences": lines,
    "slips of the pen, 1 in 100": slips,
    "other punctuation": marks,
    "sentences in another order": order,
    "clauses in another order": clauses,
}
