"""What stands around a cue may say how it was meant; a stated danger is never taken back by chance."""

from __future__ import annotations

import pytest

from docket.text import prepare
from features.cues import floor, tag

DANGERS = [
    "如果不给钱就跳楼",
    "要是再逼我我就喝农药",
    "如果他不还钱，喝农药给他看",
    "要是不解决我跳楼",
    "如果今天不解决，跳楼给你们看",
    "要是他再掐我脖子，我就报警",
    "一旦喝醉他掐她脖子",
    "一旦喝醉掐她脖子",
    "非要跳楼",
    "非要从楼顶跳下去不可",
    "怕是要跳楼",
    "无故掐住她脖子",
    "无端泼汽油",
    "没多久跳楼",
    "听女儿说，丈夫掐住她脖子",
    "有人报警称有人要跳楼，民警正在核实",
    "有人说要跳楼，尚未证实",
    "女方主张丈夫掐她脖子，没有证据",
    "原告诉称被告掐其脖子，未提供证据",
    "据女方讲他掐她脖子，真假不明",
    "去年他掐过我脖子，今年又掐，不再忍了",
    "去年起他掐她脖子，她再没敢回家",
    "今年他泼汽油，早就准备好了打火机",
    "楼下邻居泼汽油，说与他无关",
    "邻居拎汽油上门，不是第一次了",
    "邻居拎着汽油上门，已经另案处理",
    "楼上邻居扬言跳楼，自己家没有损失",
    "因被人笑话要跳楼，围观的人都笑",
    "围观者起哄让他跳楼，大家都笑",
    "他冷笑着说要跳楼，大家都不笑",
    "拉横幅写着不给钱就跳楼",
    "墙上写着我要跳楼",
    "问卷上写着想喝农药",
    "传单上写着要跳楼",
    "海报背面写着我要从楼上跳下去",
    "合同约定不明扬言跳楼",
    "不服规定，扬言跳楼",
    "按规定不赔，扬言跳楼的",
    "因法律规定不保护他扬言跳楼",
    "告知书写明后仍扬言跳楼",
    "新房东上门，要跳楼",
    "笑着说要跳楼",
    "孩子说爸爸掐妈妈脖子",
    "三，扬言跳楼",
    "手持菜刀说要砍人",
    "提着砍刀，提出要杀他",
    "拿着斧头，扬言要剁了他",
    "拿着刀非杀了他不可",
    "冷笑着说要杀了她，手里拿着菜刀",
    "讨薪工人说拿不到钱就投江",
    "把安眠药全吞了",
    "把一瓶农药喝下了",
    "要把房子点了",
    "一天不闹就不舒服，扬言跳楼",
    "以前说过跳楼，今天又爬上楼顶要跳",
    "年轻时掐过她脖子，治好后又掐她脖子",
    "他说没有活路要跳楼",
    "另一个工人扬言跳楼",
    "隔壁租户泼汽油",
    "如果对方说不赔跳楼给他看",
    "若对方不赔跳楼",
    "假如你们不管我喝农药",
    "要是她不回来扬言放火",
    "据邻居反映他泼汽油，没人亲眼看见",
]


def polarity(text: str, cue: str) -> str:
    meant = [finding.polarity for finding in tag(prepare(text).text) if finding.cue == cue]
    return "asserted" if "asserted" in meant else meant[0]


@pytest.mark.parametrize("text", DANGERS)
def test_a_stated_danger_is_not_taken_back(text: str) -> None:
    assert floor(tag(prepare(text).text))


@pytest.mark.parametrize(
    ("text", "cue", "meant"),
    [
        ("如果他再动手打人，社区就上报", "violence", "conditional"),
        ("如果他说要跳楼，先联系消防", "threat_jump", "conditional"),
        ("听楼下邻居讲，那家在放火", "fire_gas", "hearsay"),
        ("据同楼的人讲他经常打老婆，还没证实", "violence", "hearsay"),
        ("他打趣要同归于尽，下完棋就走了", "die_together", "joking"),
        ("他笑着说要杀了你，大家都笑了", "threat_kill", "joking"),
        ("刚结婚那年他掐过她脖子，后来没再犯", "strangulation", "past"),
        ("隔壁小区有人持刀伤人，与本案无关", "weapon", "other_person"),
        ("有下列情形之一的，（二）实施家庭暴力的", "violence", "quotation"),
        ("原告诉称被告殴打她，与事实不符", "violence", "denied"),
        ("没有证据证明被告对孩子有虐待的情况", "violence", "denied"),
    ],
)
def test_what_stands_around_says_how_it_was_meant(text: str, cue: str, meant: str) -> None:
    assert polarity(text, cue) == meant


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("经常无故辱骂妻子", "insult"),
        ("无故殴打妻子", "violence"),
        ("她非常害怕", "fear"),
        ("如果他再打我，我就报警", "violence"),
        ("他笑着说要打断你的腿", "threat_harm"),
        ("去年他打过我，今年又打", "violence"),
        ("邻居打了我，与他家装修有关", "violence"),
        ("女方称被丈夫殴打，没有证据", "violence"),
    ],
)
def test_one_sign_of_two_takes_nothing_back(text: str, cue: str) -> None:
    assert polarity(text, cue) == "asserted"
