"""How a cue was meant: stated, denied, heard of, imagined, taken back.

Scope is the clause: what denies stands before the cue, with nothing in between that starts a new statement,
or right after it; the next clause may still take it back.

References
----------
Chapman et al. (2001), A simple algorithm for identifying negated findings (NegEx), J Biomed Inform 34:301 -
the idea of trigger, scope and terminator; triggers and terminators here are Chinese and our own.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Polarity = Literal[
    "asserted", "denied", "hearsay", "conditional", "joking", "past", "other_person", "quotation"
]

# "Does not rule out", "not that there is no": said of what may well be.
_DOUBLE: Final = re.compile(
    r"(?:不|未|没有?|无法|难以|并未)(?:能)?(?:排除|否认)|不是(?:没|不)|并非(?:没|不)|不得不|没少|无不|没有(?:停止|放弃|间断)|从未(?:停止|间断)|未(?:停止|打消|放弃)|不(?:止|光|仅|但|断|停|时|惜|顾)"
    # Negations that belong to another word: 不想活, 没有希望, 没拿到钱
    r"|非要|非得|非法|非常|非(?=[^，\n]{0,12}不可)|无(?:故|端|辜|赖|缘无故|理取闹|业|证|视|意|奈|论|法无天|法容忍)|没(?:完|几天|多久|想到|过几|好气|等|轻没重)|未(?:婚|成年|满)"
    r"|不(?:想|愿|要|再)?活|没(?:法|有?(?:意思|意义|希望|盼头|活路|出路|钱|办法|工作|人管|天理|拿到|收到|得到|解决|结果))|不(?:解决|答复|还|给|同意|服|满|让|管|处理|甘|罢休)"
)
_NEGATOR: Final = re.compile(
    r"(?:(?:并|从|也|都|均|尚|绝|根本|完全|确实|当时|现场|目前|近期)?(?:没有|没|未曾|未再|未见|未发现|未发生|未出现|未造成|未导致|未听到|未提及|未实施|未有|未|无|毫无|不存在|不曾|不会|不想|不要|不再|不是|不敢|不觉得|不具有|不涉及|不承认|(?:并|绝|而|亦|实)非|非(?:系|因|属))"
    r"|否认|予以否认|排除|杜绝|拒不承认|绝不|决不|勿|避免|杜绝)"
)
# What may stand between a negator and the cue. Words that begin a new statement end the scope.
TERMINATOR: Final = re.compile(
    r"但|却|而(?!且没)|就|便|则(?!会)|反而|仍|还(?!有)|又|才|于是|所以|因此|只好|只能|只得|导致|造成(?<!未造成)|之后|以后|后来|随即|扬言|声称|叫嚣|威胁(?!言|性|的|行)|放话|开始|转而|继续|致使"
)
_SPEECH_NEAR: Final = 3  # 没有扬言跳楼: a verb of saying this close to the negator is itself denied
_REACH: Final = 14
_SHORT_REACH: Final = 5
_SHORT: Final = frozenset({"没", "未", "无", "不是", "不想", "不敢", "不要", "不会", "勿"})
_FILLED: Final = re.compile(
    r"(?:任何|出现|发生|明显|进一步|人员|什么|其他|相关|实施|采取|使用|携带|存在|涉及|表示|流露|表露|提到|提及|说|过|要|想|曾|再|有|的|对|和|与|或|向|动手|真的|打算|真|继续|因|人|我|你|他|她|其|对方|其他人|双方|去|用|拿|把|将|会|敢|准备|主动|肯|、|及|殴打|辱骂|威胁|打骂|推搡|伤害|持刀|持械)*"
)

_FICTION: Final = re.compile(
    r"电视剧|电视里|电视上|看电视|电影|影视|小说|剧本|剧情|动画片|动漫|游戏里|玩游戏|打游戏|短视频里|视频里讲|刷视频|直播里|新闻里|新闻上|新闻报道|看新闻|故事里|课文|歌词|广告词|排练|演戏|演习|演练|案例宣传|宣传片|普法|桥段|台词"
)
_HEARSAY: Final = re.compile(
    r"听说|听人(?:说|讲)|听别人|据说|据传|传言|传闻|风闻|谣传|道听途说|有人传|外面传|网传|小道消息|(?:村里|小区|坊间)都?(?:传|说)"
)
_FEARED: Final = re.compile(
    r"(?:生怕|唯恐|惟恐|深恐|以防|防止|预防|谨防|以免|免得|避免|防范|万一)[^，\n]{0,8}$|(?:担心|怕(?!是))[^，\n]{0,5}$"
)
_HYPOTHESIS: Final = re.compile(
    r"(?:比如|譬如|好比|如同|就像|好像|仿佛|是否|有没有|会不会|问[^，\n]{0,4}是不是)[^，\n]{0,10}$"
)
_PAST: Final = re.compile(
    r"曾(?!多次|于今)|从前|以前(?!的)|早年|当年|小时候|年轻时|多年前|很久以前|(?:[一二两三四五六七八九十几数\d]+)年前|过去(?!的?几天)|上世纪|往年"
)
_OTHER: Final = re.compile(
    r"(?:别人|旁人|其他人|别家|别的(?:村|小区|楼)|隔壁(?:村|小区|楼)|外地|某地|他人家|邻村|历史上|同学的|同事的|朋友的)[^，\n]{0,8}$"
)
_JOKING: Final = re.compile(
    r"开玩笑|玩笑话|玩笑|说笑|逗(?:他|她|你|着)?玩|闹着玩|气话|一时冲动说|随口一?说|随口|口头禅|并非真(?:心|意)|不是真的|说着玩"
)
_JOKING_TAIL: Final = re.compile(
    r"^[^，\n]{0,8}(?:是|系|为|属|纯属|只是|而已|罢了)?[^，\n]{0,4}(?:开玩笑|玩笑|气话|说笑|闹着玩|随口一?说|夸张)"
)
_DENIED_TAIL: Final = re.compile(
    r"^[^，\n]{0,10}?(?:不属实|不实|系误会|是误会|系误传|系谣言|是谣言|纯属(?:误会|谣言|虚构)|查无(?:此|实)|不存在|没有的事|未发生|没有发生|均?予以否认|(?:被|遭)?否认|未遂后已)"
)
_WITHDRAWN: Final = re.compile(
    r"^(?:但|后|后来|事后|随后|现|现在|当时|其|他|她|本人|男方|女方|对方|双方|经核实|经查|经民警核实|民警核实|经了解|经询问|核实)*(?:[^，\n]{0,4})?(?:称|说|表示|解释|承认|确认)?(?:当时)?(?:只是|就是|均|都|系|是|为|属|纯属)?(?:说的)?(?:一句|一时)?(?:气话|玩笑|开玩笑|说笑|误会|误传|谣言|不属实|不实|查无此事|没有此事|并无此事|无此事)"
)

_FRAMES: Final[tuple[tuple[Polarity, re.Pattern[str]], ...]] = (
    ("joking", _JOKING),
    ("conditional", _FEARED),
    ("conditional", _HYPOTHESIS),
    ("hearsay", _HEARSAY),
    ("other_person", _OTHER),
    ("past", _PAST),
)
"""What may stand before a cue and change how it is meant, in the order in which it is asked."""


def polarity_of(clause: str, start: int, end: int) -> Polarity:
    """How the cue at [start, end) of a clause is meant, by the clause alone."""
    before, after = clause[:start], clause[end:]
    if _FICTION.search(before):
        return "quotation"
    if _is_denied(before) or _DENIED_TAIL.match(after):
        return "denied"
    if _JOKING_TAIL.match(after):
        return "joking"
    for polarity, pattern in _FRAMES:
        if pattern.search(before):
            return polarity
    return "asserted"


def takes_back(clause: str) -> Polarity | None:
    """Whether a clause takes back what the clause before it said, and how."""
    found = _WITHDRAWN.match(clause)
    if found is None:
        return None
    return "joking" if re.search(r"气话|玩笑|说笑", found[0]) else "denied"


def opens_fiction(clause: str) -> bool:
    """Whether what follows this clause tells of a film or a news item rather than of the case."""
    return bool(
        re.search(
            r"(?:电视剧|电影|小说|新闻|节目|视频|故事)(?:里|中|上)?(?:说|讲|演|播|放|报道|看到)?$", clause
        )
    )


def _is_denied(before: str) -> bool:
    """Whether a negator before the cue reaches it."""
    if before.endswith("不") and not before.endswith(
        ("一天不", "一日不", "哪天不", "无不", "莫不", "好不", "要不", "得不", "动不")
    ):
        return True
    doubled = [found.span() for found in _DOUBLE.finditer(before)]
    reached = False
    for found in _NEGATOR.finditer(before):
        if any(low < found.end() and found.start() < high for low, high in doubled):
            continue
        gap = before[found.end() :]
        if before[: found.start()].endswith(("劝", "劝其", "劝他", "劝她", "劝阻其")):
            continue  # who is begged not to jump is about to
        if _FILLED.fullmatch(gap):
            reached = True
            continue
        limit = _SHORT_REACH if found[0] in _SHORT else _REACH
        stop = TERMINATOR.search(gap)
        spoken = (
            stop is not None
            and stop.start() < _SPEECH_NEAR
            and stop[0] in {"扬言", "声称", "叫嚣", "威胁", "放话"}
        )
        if len(gap) <= limit and (stop is None or spoken):
            reached = found[0] not in {"没", "无", "未"} or spoken or len(gap) <= 1
    return reached
