"""What the pages call things, in plain Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COLOURS: Final = {"red": "红", "yellow": "黄", "blue": "蓝", "none": "无色"}
ADVICE: Final = {"red": "督办", "yellow": "处置", "blue": "关注", "none": "常规"}
KINDS: Final = {
    "divorce": "离婚",
    "domestic_violence": "家庭暴力",
    "family": "家庭",
    "neighbour": "邻里",
    "housing": "房屋",
    "land": "土地",
    "debt": "债务",
    "contract": "合同",
    "labour": "劳动",
    "injury": "人身损害",
    "traffic": "交通",
    "medical": "医疗",
    "property_management": "物业",
    "consumer": "消费",
    "school": "校园",
    "demolition": "拆迁",
    "environment": "环境",
    "other": "其他",
}
SOURCES: Final = {
    "app_report": "小程序",
    "app_voice": "小程序语音",
    "police_110": "110非警务",
    "grid_worker": "网格员",
    "walk_in": "来访",
    "hotline_12345": "12345热线",
    "transfer": "转办",
}
EVENTS: Final = {
    "repeat_report": "重复报告",
    "contacted": "已联系当事人",
    "mediation_session": "调解",
    "mediation_failed": "调解未成",
    "agreement": "达成协议",
    "agreement_breached": "违反协议",
    "police_call": "报警",
    "warning_letter": "告诫书",
    "protection_order": "人身安全保护令",
    "court_filing": "起诉",
    "legal_aid": "法律援助",
    "counselling": "心理疏导",
    "handover": "移交",
    "closed": "办结",
    "reopened": "重新办理",
}
OUTCOMES: Final = {
    "violence": "暴力伤害",
    "civil_to_criminal": "民转刑",
    "self_harm": "自伤",
    "extreme_act": "极端行为",
}
TARGETS: Final = {
    "escalation": "升级（任一）",
    "violence": "暴力伤害",
    "civil_to_criminal": "民转刑",
    "self_harm": "自伤",
}
ROLES: Final = {"applicant": "申请人", "respondent": "被申请人", "affected": "受影响人"}
DOORS: Final = {**SOURCES, "visit": "走访", "unsaid": "未注明"}
SEXES: Final = {"female": "女", "male": "男", "unknown": "性别不详"}
CATEGORIES: Final = {
    "divorce": "离婚",
    "domestic_violence": "家庭暴力",
    "neighbour_grudge": "邻里积怨",
    "other": "其他",
}
PURPOSES: Final = {
    "mediation": "调解处置",
    "visit": "安排走访",
    "emergency": "紧急处置",
    "objection": "复核异议",
    "handover": "工作交接",
}
REGISTRY_SHOWN: Final = {"": "在管", "left": "已移出", "contested": "有异议", "all": "全部"}
REGISTRY_DONE: Final = {
    "entered": "列入",
    "left": "移出",
    "corrected": "更正",
    "removed": "撤销",
}
FINDINGS_OF_REVIEW: Final = {"kept": "维持", "corrected": "更正", "removed": "撤销"}
OBJECTION_STATES: Final = {"open": "待复核", "reviewed": "待答复", "answered": "已答复"}
ANSWERED: Final = {"in_person": "当面", "phone": "电话", "letter": "书面"}
PROGRESS: Final = {
    "received": "已受理",
    "contacted": "已联系",
    "handled": "办理中",
    "closed": "已办结",
    "withdrawn": "已撤回",
}
STARS: Final = {"1": "很不满意", "2": "不满意", "3": "一般", "4": "满意", "5": "很满意"}
FINDINGS: Final = {"calm": "平稳", "tense": "紧张", "worse": "恶化", "unknown": "未判断"}
NOT_MET: Final = {"absent": "", "refused": "对方拒绝见面。", "moved": "对方已搬离此处。"}
"""Why nobody was met, as it is written into the record."""
FOUND: Final = {
    "calm": "见到 · 平稳",
    "tense": "见到 · 紧张",
    "worse": "见到 · 恶化",
    "absent": "未见到",
    "refused": "拒绝见面",
    "moved": "已搬走",
}
"""What one tap says of a visit."""
WORKER_ROLES: Final = {"grid_worker": "网格员", "mediator": "调解员", "community_police": "社区民警"}
REFERRALS: Final = ("派出所", "社区医院", "心理援助", "妇联", "法律援助", "调委会")
DEADLINES: Final = {"respond": "30分钟内响应", "classify": "24小时内分类办理", "review": "到期复核"}
LEVELS: Final = {"grid": "网格", "community": "社区", "street": "街道", "district": "区级"}
URGINGS: Final = {
    "before": "到期提醒",
    "due": "到期催办",
    "community": "升至社区催办",
    "street": "升至街道督办",
    "district": "升至区级督办",
}
SLIP_STATES: Final = {
    "issued": "已下发",
    "acknowledged": "已签收",
    "handled": "已处置",
    "reviewed": "已复核",
    "closed": "已办结",
}
SLIP_STEPS: Final = {"acknowledged": "签收", "handled": "处置完成", "reviewed": "复核", "closed": "办结"}
SLIP_KINDS: Final = {"red": "督办单", "yellow": "处置单"}
WATCHED: Final = {
    "volume": "数量",
    "harm": "危害事件",
    "features": "各项特征",
    "missing": "缺失",
    "joint": "特征整体",
    "cues": "风险表述",
    "text": "文本用语",
    "scores": "评分与颜色",
    "calibration": "预测与实际",
}
SERIES: Final = {
    "cases": "案件",
    "events": "事件记录",
    "visits": "走访",
    "outcomes": "危害事件",
    "area under the ROC curve": "可分辨程度",
    "discrepancy": "用语差异",
    "risk": "风险",
    "colour": "颜色",
    "harmed over expected": "实际与预测之比",
}
LACKS: Final = {
    "cases": "这些天只有{have}件，至少要{need}件",
    "days": "记录只有{have}天，至少要{need}天",
    "answered": "现用模型只用了{have}天，至少要{need}天",
    "harms": "已有结果的危害只有{have}起，至少要{need}起",
}
FOLLOWED: Final = {"all": "全部", "visited": "走访过", "not visited": "未走访"}
SCOPES: Final = {
    "dispatch": "分派系统",
    "centre": "综治中心",
    "worker": "走访人员",
    "analyst": "分析人员",
    "audit": "审计人员",
}
AREAS: Final = {"street": "街道", "community": "社区", "grid": "网格"}

TRENDS: Final = {"up": "上升", "down": "下降", "same": "持平"}

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "colour": COLOURS,
    "advice": ADVICE,
    "kind": KINDS,
    "source": SOURCES,
    "event": EVENTS,
    "outcome": OUTCOMES,
    "target": TARGETS,
    "role": ROLES,
    "sex": SEXES,
    "category": CATEGORIES,
    "finding": FINDINGS,
    "worker_role": WORKER_ROLES,
    "registry_done": REGISTRY_DONE,
    "review": FINDINGS_OF_REVIEW,
    "objection_state": OBJECTION_STATES,
    "answered": ANSWERED,
    "progress": PROGRESS,
    "stars": STARS,
    "deadline": DEADLINES,
    "door": DOORS,
    "level": LEVELS,
    "urging": URGINGS,
    "slip_state": SLIP_STATES,
    "slip_step": SLIP_STEPS,
    "slip_kind": SLIP_KINDS,
    "scope": SCOPES,
    "area": AREAS,
    "trend": TRENDS,
    "watched": WATCHED,
    "followed": FOLLOWED,
}


def word(table: str, value: str) -> str:
    """What a value of an enumeration is called.

    Raises
    ------
    KeyError
        If there is no word for it: nothing is shown untranslated.
    """
    return TABLES[table][value]
