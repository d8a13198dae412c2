"""Remove words about petitioning and about complaining against an authority, whole, clause by clause.

A clause is searched for a core (a petition word; a verb of complaint and the authority it is against; a
channel that only petitioners use and what is done there). A core grows to the right by what completes it
(…积案, …未果, …不作为的问题) and to the left by the adverbs, times, places and intentions that lead to it,
so that what remains reads as if it had never been written. A clause that then says nothing is dropped.

Left of a core, a bare time or count is taken only where a clause or another lead begins it: 双方积怨多年
keeps its 多年 when 曾到信访局上访 follows without a stop.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from docket.text import clauses
from docket.text.draft import Draft, Edit
from docket.text.petitions import grammar
from docket.text.petitions import lexicon as lx
from docket.text.petitions.triggers import TRIGGER

Span = tuple[int, int]

_TRIGGER: Final = re.compile(
    r"访|告|投诉|举报|检举|控[告诉]|揭发|揭露|反[映应]|起诉|热线|留言|信箱|复议|行政诉讼|国家赔偿|说法|公道|横幅|条幅|静坐|曝光|劝返|评理|理论|纪委|仿|123|闹|状|堵|材料|写信|弹劾|喊冤|申诉|缠诉"
)
_HOTLINE_LEAD: Final = r"(?:(?:拨打|打通|打过?|致电|通过|向|在|给|用|到|上)(?:过|了)?)?"
_TO: Final = r"(?:向|给|到|去|找|在|跟|对)"
_CORE: Final = re.compile(
    "|".join(
        (
            # 拨打12345投诉街道办; the hotline alone is dropped before a private target: 拨打12345投诉物业
            rf"{_HOTLINE_LEAD}{lx.HOTLINE}(?:等)?(?:多次|反复|进行)?(?:{lx.COMPLAIN}{lx.AUTHORITIES}{lx.WRONGS}*"
            rf"|(?:{lx.COMPLAIN}|反映|求助|诉求|信访)(?:过|了)?(?:此事|该事|问题|情况)?(?=$|[多未无后至]|没))?",
            # 向纪委举报村支书, 到区政府讨说法, 找市长反映村委会占地的问题
            rf"{lx.PLACE}(?:门口|进行|多次|反复|实名|联名|匿名|公开)*(?:{lx.COMPLAIN}|反映)(?:过|了)?{lx.AUTHORITIES}{lx.WRONGS}*",
            rf"{lx.PLACE}(?:门口|进行|多次|反复|实名|联名|匿名|公开|集体|聚众)*(?:{lx.ACT}[、]?)+(?:问题|情况|诉求|意见|此事|冤情)?",
            # 投诉过社区干部, 举报村支书贪污, 告政府
            rf"(?:{_TO}{lx.AUTHORITIES})?{lx.COMPLAIN}(?:{lx.LEVEL}{{0,2}})?{lx.AUTHORITIES}{lx.WRONGS}*(?:告?到{lx.AUTHORITIES})?",
            rf"(?:{_TO}{lx.AUTHORITIES})?(?:反映|反应)(?:过|了)?{lx.AUTHORITIES}{lx.WRONGS}",
            # 把村委会告上法庭
            rf"(?:把|将|对){lx.AUTHORITIES}(?:{lx.COMPLAIN}|提起(?:行政)?诉讼|告)(?:上|到|至)?(?:了)?(?:法庭|法院|{lx.AUTHORITIES})?",
            r"(?:申请|提起|提出|打|走)?(?:了|过)?(?:行政复议|行政诉讼|国家赔偿|行政官司)(?:申请|程序)?(?:未果|被驳回)?",
            rf"(?:写|寄|递交?|提交|散发|投递|邮寄|发)(?:过|了)?(?:实名|联名|匿名)?(?:举报|检举|控告|告状|上访|信访|申诉)(?:信|材料|书|函)(?:件)?(?:给{lx.AUTHORITIES})?",
            rf"(?:实名|联名|匿名)(?:举报|检举|控告|告状|上访|投诉)(?:{lx.AUTHORITIES}{lx.WRONGS}*)?",
            rf"(?:在|于)?(?:{lx.LEVEL}{{0,4}}(?:政府|信访局|法院|派出所|街道办|村委会))(?:门口|门前|大厅|大院)?(?:静坐|拉横幅|下跪|举牌|喊冤|打横幅|堵门)",
            lx.PETITION,
        )
    )
)
_RIGHT: Final = re.compile(rf"(?:{lx.TAIL})*(?:(?:{lx.TAIL_AT_END}|{grammar.END})+$)?")
_LEFT: Final = re.compile(
    rf"(?:(?:{lx.FREE}|{lx.PLACE})(?:{lx.FREE}|{lx.PLACE}|{lx.TIME})*|^(?:{lx.FREE}|{lx.PLACE}|{lx.TIME})+)$"
)
# Where the clause ends with the core, its subject and its intention go too (其扬言要到北京上访).
_LEFT_AT_END: Final = re.compile(
    rf"(?:(?:{lx.FREE}|{lx.PLACE}|{lx.INTENT})(?:{lx.FREE}|{lx.PLACE}|{lx.TIME}|{lx.INTENT})*"
    rf"|^(?:{lx.SUBJECT}|{lx.FREE}|{lx.PLACE}|{lx.TIME}|{lx.INTENT})+)$"
)
_RESIDUE: Final = re.compile(rf"{lx.RESIDUE}$")
_LINKS: Final = "、和与及并"
_LONGEST: Final = 300
"""Nobody writes so long without a stop. What is longer is read in pieces, so that no text takes minutes."""


def _one(clause: str) -> Span | None:
    """The first phrase of a clause that must go."""
    match = grammar.SHAPES.search(clause) if TRIGGER.search(clause) else None
    match = match or (_CORE.search(clause) if _TRIGGER.search(clause) else None)
    if match is None:
        return None
    start, end = match.span()
    right = _RIGHT.match(clause, end)
    if right is not None:
        end = right.end()
    at_end = end == len(clause)
    if not at_end and clause[end] in "、":
        # 扬言上访、跳楼: one of a list goes with the sign that joins it.
        end += 1
    head = clause[:start]
    left = (_LEFT_AT_END if at_end else _LEFT).search(head)
    if left is not None:
        start = left.start()
    while at_end and start and clause[start - 1] in _LINKS:
        start -= 1
    return start, end


@lru_cache(maxsize=1 << 16)
def petition_spans(clause: str) -> tuple[Span, ...]:
    """Which parts of one clause are about petitioning or complaining against an authority.

    Parameters
    ----------
    clause : str
        A clause without breaks, as `docket.text.clauses.mark_clauses` leaves it.

    Returns
    -------
    tuple of (int, int)
        Half-open, in order, disjoint. The whole clause where nothing else would be left of it.
    """
    if len(clause) > _LONGEST:
        return tuple(
            (begin + start, begin + end)
            for begin in range(0, len(clause), _LONGEST)
            for start, end in petition_spans(clause[begin : begin + _LONGEST])
        )
    kept = list(range(len(clause)))
    text = clause
    while text:
        span = _one(text)
        if span is None:
            break
        del kept[span[0] : span[1]]
        text = text[: span[0]] + text[span[1] :]
        if _RESIDUE.match(text):
            return ((0, len(clause)),)
    if len(kept) == len(clause):
        return ()
    alive = set(kept)
    spans: list[Span] = []
    for index in range(len(clause)):
        if index in alive:
            continue
        if spans and spans[-1][1] == index:
            spans[-1] = (spans[-1][0], index + 1)
        else:
            spans.append((index, index + 1))
    return tuple(spans)


def join_split_words(draft: Draft) -> None:
    """Join 上-访 and 信（访）局 before the clauses are marked, which would part them."""
    if "访" in draft.text:
        draft.substitute(grammar.SPLIT_WORD, lambda _: "访")


def remove_petitions(draft: Draft) -> None:
    """Take petition and complaint phrases out of a draft whose clauses are marked."""
    text = draft.text
    if not (TRIGGER.search(text) or _TRIGGER.search(text)):
        return
    edits: list[Edit] = []
    position = 0
    for clause in text.split(clauses.BREAK):
        if clause:
            edits += ((position + start, position + end, "") for start, end in petition_spans(clause))
        position += len(clause) + 1
    if edits:
        draft.apply(edits)
        clauses.close_gaps(draft)
