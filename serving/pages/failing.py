"""What went wrong, told to a person: the same problems that the API tells programs of, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from fastapi import Request, Response

from docket.registry import ENTERED_BY
from serving import errors
from serving.decisions.service import ANEW, ANOTHER, NOTHING_WAITS
from serving.handling import problem_of
from serving.logs import log_failure
from serving.merges import service as merges
from serving.pages.rendering import rendered
from serving.registry.service import NEEDS_GUARDIAN
from serving.slips.service import UNDECIDED

_log = structlog.get_logger("anlan.pages")
_KINDS: Final[Mapping[type[errors.Problem], str]] = {
    errors.Malformed: "请求无法读取，请返回后重试。",
    errors.Unauthorised: "请先登录。",
    errors.Forbidden: "您的权限不包括这一页或这一操作。",
    errors.NotFound: "没有这一页，或不在您的辖区内。",
    errors.MethodNotAllowed: "这一页不接受该操作。",
    errors.Conflict: "情况已变化，未作改动。请重新打开页面后再试。",
    errors.MergeRefused: "这两件不能合并或拆分。",
    errors.TooSlow: "提交的内容没有按时送达，未作改动，请重试。",
    errors.TooLarge: "内容过长，请缩短后重试。",
    errors.UnsupportedMedia: "请求无法读取，请返回后重试。",
    errors.Invalid: "填写有误，未作改动。",
    errors.TooMany: "操作过于频繁，请稍候再试。",
    errors.Unavailable: "系统暂时无法访问数据，请稍后重试。没有内容丢失。",
}
STALE: Final = "The form was made for another session: load the page again."
_SAID: Final[Mapping[str, str]] = {
    STALE: "页面已过期，请重新打开后再提交。",
    ANEW: "案件在您打开后又有新的评估，请看过最新评估再作决定。",
    NOTHING_WAITS: "没有待同意的降色，或它针对的是另一次评估。",
    merges.URGENT: "本案经人决定，比另一案更紧急：请先提高另一案的颜色。",
    ANOTHER: "须由提出者以外的另一人同意。",
    ENTERED_BY: "须由列入或更正者以外的人复核。",
    UNDECIDED: "尚无人对颜色作出决定：不能只凭评分下发单据。",
}
"""Where what happened says more than its kind."""
_FAILED: Final = "系统出错，已记录。请稍后重试。"
_FIELDS: Final = {
    "reason": "理由",
    "colour": "颜色",
    "assessment_id": "评估",
    "unit": "承办单位",
    "note": "说明",
    "into": "并入的案件",
    "cue": "标签",
    "quote": "原文词句",
    "start": "起点",
    "end": "终点",
    "state": "步骤",
    "text": "记录",
    "finding": "走访情况",
    "area": "辖区",
    "kind": "类别",
    "cursor": "页码",
    "guardian_informed": "监护人",
    "person_id": "当事人",
    "dispute_id": "案件",
    "category": "类别",
    "answer": "答复",
    "said": "异议内容",
    "raised_at": "提出时间",
    "purpose": "用途",
    "stars": "评分",
    "comment": "意见",
    "period": "时段",
}
_REASONS: Final = {
    "missing value": "请填写",
    "missing": "请填写",
    "too short": "请填写",
    "not of the form that is taken": "请填写",
    "too long": "过长",
    "out of range": "超出范围",
    "not an area": "没有这个辖区",
    "dangling reference": "没有这一件，或不在您的辖区内",
    "unknown enumeration value": "不在可选范围内",
    "not in the narrative": "原文中没有这段文字",
    NEEDS_GUARDIAN: "可能不满14周岁，须先告知监护人",
    "not a party to the case": "不是本案当事人",
    "not an assessment of the case": "不是这一案件的评估",
    merges.LESS_URGENT: "没有本案紧急",
    merges.ITSELF: "就是本案，不能并入自身",
    merges.MERGED: "已并入另一件，请先拆分，或改用它所并入的那一件",
    merges.NO_AUTHORITY: "当事人中没有行政机关，与本案不同，请先更正当事人",
    merges.NOT_MERGED: "没有并入其他案件",
    merges.FURTHER: "所并入的案件后来又并入了另一件，请先拆分那一件",
}


def told(problem: errors.Problem) -> list[str]:
    """What a person reads of a problem: a sentence, then one for each field at fault."""
    first = _SAID.get(problem.detail) or _KINDS.get(type(problem), _FAILED)
    return [first, *_fields(problem.errors)]


def _fields(found: Sequence[errors.FieldError]) -> list[str]:
    said = []
    for one in found:
        name = one.field.rsplit(".", 1)[-1].partition("[")[0]
        said.append(f"{_FIELDS.get(name, '某一项')}：{_REASONS.get(one.reason, '不符合要求')}")
    return list(dict.fromkeys(said))


def failed(request: Request, error: Exception) -> Response:
    """The page that tells of `error`."""
    problem = problem_of(error)
    if problem.status >= 500:
        log_failure(_log, "page_failed", error)
    if request.headers.get("hx-request"):
        # htmx shows no failure in place of a part, and what was there before would pass for the answer
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=problem.status, headers={"HX-Redirect": request.url.path + query})
    return rendered(
        request,
        "failed.html",
        status=problem.status,
        headers={name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"},
        sentences=told(problem),
        form=request.method == "POST",
        request_id=getattr(request.state, "request_id", None),
    )
