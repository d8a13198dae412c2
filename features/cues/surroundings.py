"""How a cue was meant, where its own clause alone doesn't say: what leads in, and what the next clauses add.

A rule names what may stand around a cue; where two signs are asked for (a jest and laughter, a time long ago
and that it is over), one of them alone changes nothing. What says of itself that it is a threat stays one:
"如果不给钱就跳楼" is asserted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from features.cues.polarity import TERMINATOR, Polarity

_AHEAD: Final = 2  # clauses after a cue's own that may add to how it was meant

# Someone's own threat or wish: the words that would make it a condition are as a rule part of the threat.
_DECLARED: Final = frozenset(
    {
        "threat_kill",
        "threat_harm",
        "suicidal_ideation",
        "suicide_means",
        "threat_jump",
        "fire_gas",
        "die_together",
    }
)
# A floor may rest on these: that nobody has proved them takes nothing back.
_LIFE: Final = frozenset(
    {
        "threat_jump",
        "strangulation",
        "suicide_means",
        "suicidal_ideation",
        "fire_gas",
        "threat_kill",
        "die_together",
    }
)
_IF: Final = re.compile(
    r"^(?P<lead>[^，\n]{0,4}?)(?:如果|要是|若是|假如|假设|假使|倘若|一旦|若(?!干|无)|如(?=再|他|她|其|对方))(?P<gap>[^，\n]{0,12})$"
)
_THREATENING: Final = re.compile(r"扬言|声称|威胁|叫嚣|放话|说|称|喊|讲|骂|吼|表示")
_CONSEQUENCE: Final = re.compile(r"就|便|则|不然|否则|我|咱|俺|不|没|未")
_ONCE_MORE: Final = re.compile(r"再|又|发现|出现|发生|说|扬言|流露")
_THIRD_PERSON_SPEAKS: Final = re.compile(
    r"^(?:以后)?(?:他|她|其|对方|男方|女方|谁|某)[^，\n]{0,6}(?:说|讲|流露|扬言|表示|提出|放出|喊)"
)

_LAW: Final = re.compile(
    r"(?:法条|条文|法律|条例|民法典|家庭暴力法|婚姻法|刑法|宣传(?:栏|册|单|片|页)|警示牌|告知书|须知|应急预案"
    r"|村规民约|公约|课件|讲座|广告|样本|第[一二三四五六七八九十百\d]+(?:条|题|项))"
    r"[^，\n]{0,6}?(?:写明|写着|写有|写|印着|印有|规定|约定|载明|念到|引用了?|标题是|题目是|(?<=[条题项])(?:是|为|问)|里有(?:一句)?)"
    r"(?P<gap>[^，\n]{0,16})$"
)
_LAW_FOLLOWS: Final = re.compile(r"有下列情形之一|^(?:第[一二三四五六七八九十百\d]+条)?规定$")
_PRINTED: Final = re.compile(
    r"(?:(?:传单|海报)[^，\n]{0,3}印[着有]|(?:量表|评估表|问卷)[^，\n]{0,8}(?:问|题目是))[^，\n]{0,16}$"
)
# 依照……关于审理离婚案件……的若干意见第16条: the name of a rule.
_CITES: Final = re.compile(r"(?:依照|依据|根据|参照)[^，\n]{0,40}$")
_CITED: Final = re.compile(
    r"^[^，\n]{0,30}(?:若干[^，\n]{0,6}意见|(?:解释|规定|法)第[一二三四五六七八九十百\d]+条)"
)
_ITEM: Final = re.compile(r"^[一二三四五六七八九十\d]{1,3}$")
_NO_LAW: Final = re.compile(r"就|我|扬言|声称|威胁说|叫嚣|放话|因|而|却|便|随即|然后|还|又")
# The name of a book or a film is no telling.
_TITLE: Final = re.compile(r"(?:书名叫?|片名叫?|剧名叫?|歌名叫?|标题(?:是|叫))[^，\n]{0,10}$")

_JEST: Final = re.compile(
    r"打趣|调侃|戏称|闹着玩|嬉闹|半开玩笑|逗(?:着)?(?:大家|大伙|老婆|老公|孙子|孩子|我们|他们)(?:说|玩|笑|开心)"
)
_SMILING: Final = re.compile(
    r"(?<![冷狞奸])笑(?:着说|着讲|称|说|嚷|骂)|嬉皮笑脸|嘻嘻哈哈|佯装|装作|装出|夸张地"
)
# Whoever was there laughed: a speaker who laughs at his own threat doesn't take it back.
_LAUGHTER: Final = re.compile(
    r"(?:两人|双方|大家|众人|旁边人|全场|一桌人|(?:满|一)(?:屋|桌|院)子?的?人|对方|好友)[^，\n]{0,4}(?:笑|乐)|哈哈大笑|咯咯|逗笑|没当真|其实是(?:想|请|为)"
)

_SOURCE: Final = re.compile(
    r"听(?:楼上|楼下|对门|对面|隔壁|同楼|同村|街坊|邻居|邻里|村里|村民|老人|老乡|旁人|外人|工友|同事|人家|别人|大妈|大爷)(?:们|的)?[^，\n]{0,3}(?:说|讲|传|议论|提起)"
    r"|(?:邻居|街坊|村里人?|村民|群里|外头|厂里|司机|工友|同事|大家)们?都?(?:在)?(?:传言|谣传|疯传|传(?!来|唤|话|达|给|真|染|出|票|讯))"
    r"|风言风语|有传闻|^传说|据(?:旁人|外人|街坊)[^，\n]{0,2}(?:讲|说|传)"
)
_WEAK_SOURCE: Final = re.compile(
    r"有人(?:讲|说|反映|议论|看见)|据[^，\n]{1,6}(?:讲|说|转述|反映)|好像|似乎|猜测"
)
_UNCONFIRMED: Final = re.compile(
    r"(?:未经|没有?|还没|无法|未能|尚未|无从)(?:得到)?(?:证实|查证|确认)|(?:没有?人|谁(?:也|都)没有?|未)(?:亲眼|亲耳|当面)|真假"
)

_ANOTHER: Final = re.compile(
    r"另(?:一|外)(?:个|位|户|家|拨|批|对|桌|方)|外(?:县|省|市|地)|别(?:的|家|处|人)|隔壁|邻(?:村|镇)|楼上|楼下|东头|西头|新闻里|堂(?:弟|哥|兄|妹|姐)|表(?:弟|哥|姐|妹|叔)"
    r"|同事|邻居|朋友|同学|老乡|亲戚|姐夫|妹夫|弟弟|妹妹|房东|租户|妹|姐"
)
_UNRELATED: Final = re.compile(
    r"(?:与|和|跟)(?:本|这|此|我们|咱|双方|当事)[^，\n]{0,8}(?:无关|不相干|没(?:有|什么)?(?:关系|关联)|不是一回事)"
    r"|(?:拿来?|用来|当)?作(?:个|为)?(?:例子|反例|警示)|^本(?:案|项目|次|起)[^，\n]{0,6}(?:没有|并无|不存在|无此)"
    r"|自己(?:家)?(?:倒|并)?没有?(?:这|此|类似|遇)|^不是(?:她|他|我们)(?:本人)?$|^不是[^，\n]{0,6}(?:这位|这一?桌)$"
)

_LONG_AGO: Final = re.compile(
    r"那(?:年|会儿?|阵子|时候?)|头(?:一|两|几)年|前些年|早些年|早年|当(?:年|初)|小时候|年轻|去年|前年|年代|\d{4}年|[一二三四五六七八九十\d]岁|(?:一|二|两|三|四|五|六|七|八|九|十|几)年前|婚前|以前|从前"
)
_OVER: Final = re.compile(
    r"(?:再(?:也)?没|没再|没有再|未再)(?:有过?)?(?:犯|提|动|碰|打|闹|来过|来闹|接触|发生|出现|这样|喝|赌|吸)|早(?:已|就)(?:经)?(?:和好|过去|还完|化解|到期|戒|断|痊愈|平息|没)|早没(?:这|有)"
    r"|已(?:经)?(?:和好|痊愈|戒掉|平息)|后来(?:撤诉|断了|和好|缓)|一直过到现在|都很配合|如今[^，\n]{0,6}(?:过去|平息)了|那人早已|治好|(?:和好|平息|化解)了|成了(?:好)?朋友|分歧减少"
)
_RECOVERED: Final = re.compile(r"^[^，\n]{0,4}(?:症状)?已?(?:痊愈|治愈|治好)|^(?:是|系)在[^，\n]{2,8}之前的")

_CLAIM: Final = re.compile(r"(?:诉称|辩称|(?:原告|被告|申请人)(?:称|认为|主张|所诉))")
_REFUTED: Final = re.compile(
    r"与事实不符|不符合事实|不属实|(?:不能|不足以|未能|无法)(?:够)?(?:证实|证明)|没有(?:充足|充分|提供|任何)?[^，\n]{0,4}证据|(?:不予|未予)(?:采信|采纳|确认|认定)|并无证据"
)
_UNPROVEN: Final = re.compile(
    r"(?:(?:没有?|无|未提供|未能提供|缺乏)[^，\n]{0,8}证据[^，\n]{0,2}(?:证明|证实|表明)|(?:不能|不足以|未能|无法)(?:证明|证实)(?:系)?|不表明)(?P<gap>[^，\n]{0,32})$"
)


def meant_around(cue: str, span: tuple[int, int], clauses: Sequence[str], place: int) -> Polarity | None:
    """How a cue that its clause alone asserts was meant; None if nothing around it says otherwise.

    Parameters
    ----------
    cue
        Its name.
    span
        Where it stands in its clause.
    clauses
        The clauses of its line.
    place
        Which of them is its own.
    """
    clause = clauses[place]
    before, after = clause[: span[0]], clause[span[1] :]
    lead = clauses[place - 1] if place else ""
    ahead = [after, *clauses[place + 1 : place + 1 + _AHEAD]]
    asked: tuple[tuple[Polarity, bool], ...] = (
        ("quotation", _is_law(before, lead, clause, after, clauses[:place]) or bool(_TITLE.search(before))),
        ("joking", _is_jest(before, ahead)),
        ("hearsay", _is_hearsay(cue, before, lead, ahead)),
        ("other_person", _any(_ANOTHER, [lead, clause]) and _any(_UNRELATED, ahead)),
        ("past", _any(_LONG_AGO, [lead, before]) and _any(_OVER, ahead)),
        ("past", _RECOVERED.match(after) is not None),
        ("conditional", _is_condition(cue, before, clause[span[0] : span[1]])),
        ("denied", cue not in _LIFE and _is_refuted(before, [lead, before], ahead)),
    )
    return next((polarity for polarity, so in asked if so), None)


def _is_jest(before: str, ahead: Sequence[str]) -> bool:
    return bool(_JEST.search(before)) or (bool(_SMILING.search(before)) and _any(_LAUGHTER, ahead))


def _is_hearsay(cue: str, before: str, lead: str, ahead: Sequence[str]) -> bool:
    if _SOURCE.search(before) or _ends(_SOURCE, lead):
        return True
    return cue not in _LIFE and _any(_WEAK_SOURCE, [lead, before]) and _any(_UNCONFIRMED, ahead)


def _any(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    return any(pattern.search(text) for text in texts)


def _ends(pattern: re.Pattern[str], clause: str) -> bool:
    """Whether a clause ends with the source of what the next one tells."""
    return any(found.end() >= len(clause) - 1 for found in pattern.finditer(clause))


def _is_law(before: str, lead: str, clause: str, after: str, earlier: Sequence[str]) -> bool:
    found = _LAW.search(before)
    if (found is not None and _NO_LAW.search(found["gap"]) is None) or _PRINTED.search(before):
        return True
    if _CITES.search(before) and _CITED.match(after):
        return True
    item = _ITEM.match(lead) is not None and clause.endswith(("的", "行为"))
    return item or (clause.endswith("的") and _any(_LAW_FOLLOWS, earlier[-6:]))


def _is_condition(cue: str, before: str, words: str) -> bool:
    """Whether a cue stands in an if, and isn't what somebody says will follow."""
    found = _IF.match(before)
    if found is None or _THREATENING.search(found["lead"]):
        return False
    if "一旦" in found[0] and _ONCE_MORE.search(found["gap"]) is None:
        return False  # what somebody does whenever he has drunk is no condition
    if _CONSEQUENCE.search(found["gap"]) or "我" in words:
        return False
    return cue not in _DECLARED or _THIRD_PERSON_SPEAKS.match(found["gap"]) is not None


def _is_refuted(before: str, told: Sequence[str], ahead: Sequence[str]) -> bool:
    """Whether it is claimed, and found unproven or untrue."""
    unproven = _UNPROVEN.search(before)
    if unproven is not None and TERMINATOR.search(unproven["gap"]) is None:
        return True
    return _any(_CLAIM, told) and _any(_REFUTED, ahead)
