"""Petitioning told around: who goes where to do what. What is of the dispute or of a danger stays."""

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from docket.text import STEPS, prepare, run

GONE = [
    "她三天两头往县政府跑",
    "多次到乡镇府反映",
    "他曾给县委书记写过三封信",
    "又找到镇里领导讨说法",
    "在市政府门前拉着白布",
    "去省城告状两年",
    "跑了五六趟民政局要低保",
    "写信给领导",
    "到县政府信访接待室缠访",
    "向省委巡视组反映村里的事",
    "给巡察组递了举报材料",
    "在省长信箱留言",
    "打市民热线投诉社区不作为",
    "老到街道办闹",
    "找过几个部门都没人管",
    "发抖音骂区政府",
    "去纪委告村支书",
    "说要去省里讨个公道",
    "逢人便说干部贪污",
    "不服镇政府的处理决定",
    "敏感时期看护对象",
    "该户系初信初访",
    "联名信交到了县里",
    "去北京上访被接回",
    "说民警收了黑钱",
    "嫌社区处理不公",
    "越级到省里反映",
    "要找书记评理",
    "在人民网留言板反映三次",
    "到区信访局门口静坐",
    "打12345反映多次",
    "12345转来工单",
    "天天打市长热线",
    "打12348投诉司法所",
    "到政府门口讨说法",
    "去镇政府反映",
    "网上留言领导",
    "给市里写信",
    "带头集访",
    "找镇长要说法",
    "向上级部门递交材料",
    "扬言要进京",
    "准备到省政府跪着喊冤",
    "要让中央知道这事",
    "给区长打电话告社区",
    "到县委上访",
    "一直在告政府",
    "去国务院信访办登记",
    "把材料送到了省纪委",
    "在网上发帖说镇政府强拆",
    "到区里找领导评理",
    "多次到市里、省里反映",
    "要求见市长",
    "要去找政府",
    "他要去政府闹",
    "我要去区政府",
    "这事政府必须给个说法",
    "不给解决我就找媒体曝光",
    "到政府反映过没用",
    "去派出所讨说法",
    "写了举报信寄给纪委",
]
STAYS = [
    "扬言炸了村委会",
    "说要砍死村主任",
    "在镇政府上班的丈夫打她",
    "他在区政府对面开饭店",
    "去民政局离婚登记时动手",
    "到镇政府办结婚证",
    "从省里回来就打老婆",
    "去市里打工欠下赌债",
    "向村委会反映邻居占地",
    "社区书记上门调解",
    "镇领导来慰问老人",
    "书记员通知开庭",
    "在北京的儿子不养老",
    "领导让我加班还骂我",
    "公司领导偏袒他",
    "单位领导处理不公",
    "向车间主任反映他打人",
    "找班主任要说法",
    "到幼儿园找园长讨说法",
    "村里两家打架",
    "村长的儿子打了他",
    "派出所民警把他带走",
    "法院判他还钱他不还",
    "告他欠钱不还",
    "他告诉民警要自杀",
    "去派出所报案说丈夫打人",
    "报警后民警把两人劝开",
    "找人去他家闹",
    "在网上骂前妻",
    "发抖音骂邻居",
    "在群里说物业不作为",
    "国家规定的彩礼不退",
    "县里的房子归谁吵架",
    "区里有套房两兄弟争",
    "街道上两人打架",
    "街上遇见就骂",
    "市场里摊位争吵",
    "在镇上开店亏钱",
    "镇上的房子漏水",
    "要去北京找前妻",
    "去北京看病花光积蓄",
    "区政府家属院3号楼的邻居",
    "政府征地补偿款兄弟分不匀",
    "领了政府低保钱被儿子抢走",
    "拆迁办给的补偿款分配不均",
    "对调解结果不满要砍人",
    "不满法院判离扬言杀妻",
    "社区干部劝阻被打伤",
    "干部上门他拿刀追",
    "打了三次电话不接",
    "打一二三楼的人",
    "去SF快递上班",
    "给主任医生送红包",
    "把材料款给他寄去",
    "小区楼上面漏水",
    "从上面扔东西砸车",
    "上面住的人半夜吵",
    "信初中同学的话",
    "首都机场工作",
    "教育局门口被前夫堵住打",
    "堵在法院门口打前妻",
]
DISPUTE = "两人为欠款多次争吵，他持刀威胁，说要跳楼。邻居听见砸门；孩子吓哭了，妻子报警，民警到场调解"


@pytest.mark.parametrize("raw", GONE)
def test_a_clause_about_petitioning_goes_whole(raw: str) -> None:
    assert prepare(raw).text == ""


@pytest.mark.parametrize("raw", STAYS)
def test_what_is_no_petition_stays(raw: str) -> None:
    assert prepare(raw).text == run(raw, STEPS[:-1]).text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("扬言到政府门口跳楼", "扬言跳楼"),
        ("说要到信访局喝农药", "说要喝农药"),
        ("到县政府点汽油", "点汽油"),
        ("上访回来后割腕", "回来后割腕"),
        ("多次去区政府反映后持刀威胁邻居", "后持刀威胁邻居"),
    ],
)
def test_words_of_danger_are_left_standing(raw: str, text: str) -> None:
    assert prepare(raw).text == text


@pytest.mark.parametrize(
    "raw", ["又去上-访，打架", "去上（访）多年，打架", "信、访局去了三趟，打架", "到上/访，打架"]
)
def test_a_word_split_by_signs_goes(raw: str) -> None:
    assert prepare(raw).text == "打架"


@pytest.mark.parametrize("raw", GONE)
def test_where_it_is_inserted_makes_no_difference(raw: str) -> None:
    draw = Random(raw)
    clauses = prepare(DISPUTE).text.split("，")
    for _ in range(5):
        put = list(clauses)
        put.insert(draw.randrange(len(put) + 1), raw)
        assert prepare("，".join(put)).text == "，".join(clauses)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([*GONE, *STAYS, "扬言到政府门口跳楼", "上访回来后割腕"]),
            st.sampled_from(list("上信访、/去到政府告说民警不管打杀，领导")),
        ),
        max_size=8,
    )
)
@example(["上", "、", "信", "访", "访"])
def test_removing_twice_removes_no_more(parts: list[str]) -> None:
    once = prepare("".join(parts)).text
    assert prepare(once).text == once


@given(st.lists(st.sampled_from([*GONE, *STAYS]), min_size=2, max_size=6, unique=True), st.randoms())
@settings(max_examples=100, deadline=None)
def test_clauses_are_judged_alone(clauses: list[str], draw: Random) -> None:
    shuffled = draw.sample(clauses, len(clauses))
    left = [text for clause in shuffled if (text := prepare(clause).text)]
    assert prepare("，".join(shuffled)).text == "，".join(left)
