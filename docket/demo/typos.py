"""How writing goes wrong, and what stands in it that must be masked later."""

from __future__ import annotations

import random
from typing import Final

_SOUND: Final = {
    "的": "得", "在": "再", "再": "在", "做": "作", "他": "她", "已": "以", "必": "毕", "账": "帐", "像": "象", "那": "哪", "坐": "座", "份": "分", "赔": "陪",
    "反": "返", "意": "义", "登": "蹬", "调": "掉", "解": "姐", "吵": "抄", "砸": "咂", "堵": "赌", "骂": "吗", "钱": "前", "搬": "般", "漏": "露", "修": "休",
    "租": "组", "押": "压", "拖": "托", "欠": "歉", "邻": "临", "居": "局", "楼": "搂", "闹": "脑", "签": "千", "喝": "渴", "酒": "九", "孩": "还", "报": "抱",
}  # fmt: skip
_TRADITIONAL: Final = dict(
    zip(
        "这说没来个们时对发现会还过给钱儿认关问题门开车东业务区县镇乡级单电话网办调谈协议双诉讼赔偿债邻楼户层顶窗厅厂库经济营证据书写读讲论语词请谢许该谁让认识记录报警处动员医药伤残疗养妇女孙亲爱离结婚妈爷奶爸岁寿龄头脑脸颈项须显观见觉视听闻声吵闹骂威胁凶恶气愤怒怨恨",
        "這說沒來個們時對發現會還過給錢兒認關問題門開車東業務區縣鎮鄉級單電話網辦調談協議雙訴訟賠償債鄰樓戶層頂窗廳廠庫經濟營證據書寫讀講論語詞請謝許該誰讓認識記錄報警處動員醫藥傷殘療養婦女孫親愛離結婚媽爺奶爸歲壽齡頭腦臉頸項須顯觀見覺視聽聞聲吵鬧罵威脅凶惡氣憤怒怨恨",
        strict=True,
    )
)
_RUBY: Final = {
    "进": "jìn",
    "重": "chóng",
    "调": "tiáo",
    "还": "hái",
    "长": "zhǎng",
    "行": "háng",
    "差": "chāi",
    "得": "děi",
}
_PLATES: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def misspell(text: str, pick: random.Random, rate: float) -> str:
    """Swap for a like-sounding character, drop, or double, at `rate` a character."""
    out = list(text)
    # The number of slips is drawn first: most texts have none, and then cost nothing.
    for _ in range(_count(pick, rate * len(text))):
        i = pick.randrange(len(out))
        u = pick.random()
        if u < 0.6:
            out[i] = _SOUND.get(out[i], out[i])
        elif u < 0.8:
            out[i] = out[i] * 2
        elif len(out) > 12 and out[i] not in "没不未无否":
            out[i] = ""
    return "".join(out)


def _count(pick: random.Random, mean: float) -> int:
    n, u = 0, pick.expovariate(1.0)
    while u < mean:
        n, u = n + 1, u + pick.expovariate(1.0)
    return n


def traditional(text: str) -> str:
    """The text in traditional characters, as far as the small table goes."""
    return "".join(_TRADITIONAL.get(c, c) for c in text)


def debris(text: str, pick: random.Random) -> str:
    """Ruby left behind by an input method, as in 进(jìn)."""
    for plain, sound in _RUBY.items():
        if plain in text and pick.random() < 0.5:
            return text.replace(plain, f"{plain}({sound})", 1)
    return text


def full_width(text: str) -> str:
    """Digits and Latin letters in full width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def phone(pick: random.Random) -> str:
    """A mobile number that is nobody's on purpose."""
    return f"1{pick.choice('35789')}{pick.randrange(10)}{pick.randrange(10**8):08d}"


def identity(pick: random.Random, birth: int) -> str:
    """An 18-digit identity number (a tenth with a wrong check digit), now and then an old one of 15."""
    month, day = pick.randrange(1, 13), pick.randrange(1, 29)
    area = f"6201{pick.choice(('02', '03', '04', '05', '11', '21'))}"
    if pick.random() < 0.06:
        return f"{area}{birth % 100:02d}{month:02d}{day:02d}{pick.randrange(1000):03d}"
    digits = f"{area}{birth}{month:02d}{day:02d}{pick.randrange(1000):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]
    return digits + (check if pick.random() > 0.1 else pick.choice("0123456789X"))


def plate(pick: random.Random) -> str:
    """A number plate of Lanzhou."""
    return "甘A" + ("·" if pick.random() < 0.2 else "") + "".join(pick.choice(_PLATES) for _ in range(5))


def bank_card(pick: random.Random) -> str:
    """A 19-digit card number, sometimes in groups of four."""
    digits = "62" + f"{pick.randrange(10**17):017d}"
    return " ".join(digits[i : i + 4] for i in range(0, 19, 4)) if pick.random() < 0.3 else digits
