"""Held-out addresses and names, in the ways people write them. Written down before the rules were read."""

from __future__ import annotations

from random import Random
from typing import Final

from bench.masking_numbers import Form, Maker

_ROADS: Final = (
    "雁滩路",
    "张掖路",
    "南滨河东路",
    "红星街",
    "民主西路",
    "定西南路",
    "和政东街",
    "草场街",
    "金昌路",
    "五里铺大道",
)
_ESTATES: Final = (
    "天庆花园",
    "鸿运润园",
    "名城佳苑",
    "万科金域",
    "兰石豪布斯卡",
    "雁京嘉苑",
    "欣欣家园",
    "碧桂园",
    "盛世华府",
    "水岸雅居",
)
_VILLAGES: Final = (
    "柳沟村",
    "大滩村",
    "石洞沟村",
    "张家坪村",
    "马家湾",
    "上川村",
    "李家庄",
    "三岔村",
    "红柳台村",
    "羊寨村",
)
_TOWNS: Final = (
    "青白石镇",
    "和平镇",
    "中川镇",
    "夏官营镇",
    "苦水乡",
    "来紫堡乡",
    "西固城街道",
    "榆中县城关镇",
)
_COMMUNITIES: Final = (
    "雁北社区",
    "静宁路社区",
    "宋家滩社区",
    "五泉社区",
    "畅家巷社区",
    "团结新村社区",
    "北龙口社区",
    "甘家巷社区",
)
_LANES: Final = ("和平巷", "曹家巷", "南关什字北巷", "铁局后街三弄", "帽儿胡同", "水磨里")
_YARDS: Final = ("兰化家属院", "铁路局家属院", "二建公司宿舍", "毛纺厂家属区", "水泵厂老院子", "供电局家属楼")
_LANDMARKS: Final = (
    "菜市场后头第三家",
    "老供销社对面红铁门那家",
    "清真寺西边巷子最里头一户",
    "村口大槐树旁边那家",
    "小学后门往东第二户",
    "加油站斜对面二层小楼",
    "桥头第一家",
    "卫生所隔壁",
)
_SURNAMES: Final = (
    "王李张刘马陈杨赵黄周吴徐孙朱高林何郭罗韩唐冯董程曹袁邓许傅沈吕苏卢蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_GIVEN: Final = (
    "建国",
    "秀英",
    "国强",
    "丽娟",
    "伟",
    "敏",
    "志明",
    "小燕",
    "海龙",
    "桂兰",
    "晓东",
    "玉梅",
    "军",
    "雪",
    "文博",
    "欣怡",
    "子轩",
    "淑珍",
    "永福",
    "翠花",
)
_NUMERALS: Final = "零一二三四五六七八九"


def _door(rng: Random) -> str:
    return f"{rng.randint(1, 32)}{rng.choice(['01', '02', '03', '04'])}"


def _said(value: str) -> str:
    return "".join(_NUMERALS[int(c)] if c.isdigit() else c for c in value)


def _wide(value: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in value)


def _of(*names: str) -> Maker:
    return lambda rng: rng.choice(names)


def _road(rng: Random) -> str:
    return f"{rng.choice(_ROADS)}{rng.randint(1, 900)}号"


def _estate(rng: Random) -> str:
    return rng.choice(_ESTATES)


def _flat(rng: Random) -> str:
    return f"{rng.randint(1, 9)}单元{_door(rng)}室"


def _name(rng: Random) -> str:
    return rng.choice(_SURNAMES) + rng.choice(_GIVEN)


PLACES: Final = (
    Form("address", "路12号3单元502室", lambda r: _road(r) + _flat(r)),
    Form("address", "路12号", _road),
    Form("address", "路12号5号楼502", lambda r: f"{_road(r)}{r.randint(1, 20)}号楼{_door(r)}"),
    Form("address", "省市区路号室", lambda r: f"甘肃省兰州市城关区{_road(r)}{_flat(r)}"),
    Form(
        "address",
        "小区3栋2单元1101",
        lambda r: f"{_estate(r)}{r.randint(1, 30)}栋{r.randint(1, 5)}单元{_door(r)}",
    ),
    Form(
        "address",
        "小区3号楼2-1101",
        lambda r: f"{_estate(r)}{r.randint(1, 30)}号楼{r.randint(1, 5)}-{_door(r)}",
    ),
    Form("address", "小区3-2-1101", lambda r: f"{_estate(r)}{r.randint(1, 30)}-{r.randint(1, 5)}-{_door(r)}"),
    Form("address", "小区3#楼1101", lambda r: f"{_estate(r)}{r.randint(1, 30)}#楼{_door(r)}"),
    Form("address", "小区A座1101", lambda r: f"{_estate(r)}{r.choice('ABCD')}座{_door(r)}"),
    Form("address", "小区3幢1101室", lambda r: f"{_estate(r)}{r.randint(1, 30)}幢{_door(r)}室"),
    Form(
        "address",
        "小区, numerals",
        lambda r: (
            f"{_estate(r)}{_said(str(r.randint(1, 9)))}号楼{_said(str(r.randint(1, 5)))}单元{_said(_door(r))}"
        ),
    ),
    Form("address", "小区, full width", lambda r: _wide(f"{_estate(r)}{r.randint(1, 30)}号楼{_flat(r)}")),
    Form(
        "address",
        "小区, spaced",
        lambda r: f"{_estate(r)} {r.randint(1, 30)}号楼 {r.randint(1, 5)}单元 {_door(r)}室",
    ),
    Form("address", "小区 name only", _estate),
    Form("address", "3单元502 alone", lambda r: f"{r.randint(1, 6)}单元{_door(r)}"),
    Form("address", "502室 alone", lambda r: f"{_door(r)}室"),
    Form("address", "3楼 alone with number", lambda r: f"{r.randint(1, 30)}号楼{_door(r)}"),
    Form(
        "address",
        "镇村组",
        lambda r: f"{r.choice(_TOWNS)}{r.choice(_VILLAGES)}{r.choice('一二三四五六七八')}组",
    ),
    Form(
        "address",
        "村三社12号",
        lambda r: f"{r.choice(_VILLAGES)}{r.choice('一二三四五六')}社{r.randint(1, 180)}号",
    ),
    Form("address", "村12号", lambda r: f"{r.choice(_VILLAGES)}{r.randint(1, 180)}号"),
    Form("address", "village name only", _of(*_VILLAGES)),
    Form("address", "town and village", lambda r: r.choice(_TOWNS) + r.choice(_VILLAGES)),
    Form("address", "community name only", _of(*_COMMUNITIES)),
    Form(
        "address",
        "community and building",
        lambda r: f"{r.choice(_COMMUNITIES)}{r.randint(1, 30)}号楼{_door(r)}",
    ),
    Form("address", "巷17号", lambda r: f"{r.choice(_LANES)}{r.randint(1, 160)}号"),
    Form("address", "巷17号之2", lambda r: f"{r.choice(_LANES)}{r.randint(1, 160)}号之{r.randint(1, 9)}"),
    Form("address", "家属院5号楼", lambda r: f"{r.choice(_YARDS)}{r.randint(1, 30)}号楼{_flat(r)}"),
    Form("address", "shop in a market", lambda r: f"东部市场{r.choice('一二三')}楼{r.randint(1, 300)}号铺"),
    Form("address", "dormitory of a site", lambda r: f"工地{r.randint(1, 9)}号宿舍{_door(r)}"),
    Form("address", "by a landmark", _of(*_LANDMARKS)),
    Form("name", "full name", _name),
    Form(
        "name",
        "two surnames",
        lambda r: r.choice(["欧阳", "司马", "上官", "慕容", "诸葛"]) + r.choice(_GIVEN),
    ),
    Form(
        "name",
        "with a middle dot",
        _of("阿卜杜拉·买买提", "古丽娜尔·艾山", "马合木提·吐尔逊", "扎西·才让", "玛依拉·肉孜"),
    ),
    Form(
        "name",
        "surname and title",
        lambda r: r.choice(_SURNAMES) + r.choice(["师傅", "老师", "主任", "姐", "大爷"]),
    ),
    Form("name", "老王, 小李", lambda r: r.choice("老小") + r.choice(_SURNAMES)),
)
