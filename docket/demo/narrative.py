"""Narratives composed from a grammar: a voice, a story, its course, signals in their modes, wishes, asides."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from docket.contract.enumerations import DISPUTE_KINDS, RELATIONS
from docket.demo import typos
from docket.demo.mentions import FAMILIES, MODES
from docket.demo.settings import DistrictSettings
from docket.demo.wordings import prose
from docket.demo.wordings.frames import FRAMES, STAND_INS
from docket.demo.wordings.notes import EVENTS, VISITS
from docket.demo.wordings.scenes import OFFICIAL, SCENES
from docket.demo.wordings.signals import SIGNALS, SUBJECT

_FIRST_PERSON: Final = ("app", "voice")
_SLIPS: Final = {
    "app": 0.012,
    "voice": 0.016,
    "police": 0.002,
    "grid": 0.005,
    "walk_in": 0.002,
    "hotline": 0.003,
    "transfer": 0.001,
}
_STRANGE_MODES: Final = ("fiction", "other_person")
_AMOUNT_STYLES: Final = ("{:.0f}元", "{:.0f}块", "{:.0f}块钱", "人民币{:.0f}元", "{:,.0f}元")


@dataclass(frozen=True)
class Facts:
    """What a text may draw on: codes of the contract, and who the two sides are."""

    source: int
    kind: int
    relation: int
    amount: float
    respondent_male: bool
    complainant_male: bool
    complainant_birth: int
    official: bool
    day: tuple[int, int]
    late_in_years: bool


def held_out(settings: DistrictSettings) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each family's wordings as (common, held out); a third is held out, chosen by `wording_seed`."""
    out = {}
    for family, wordings in SIGNALS.items():
        pick = random.Random(f"{settings.wording_seed}/{family}")
        out_of = set(pick.sample(range(len(wordings)), len(wordings) // 3))
        out[family] = (
            tuple(w for i, w in enumerate(wordings) if i not in out_of),
            tuple(w for i, w in enumerate(wordings) if i in out_of),
        )
    return out


class Writer:
    """Writes the texts of a district; every text draws from one stream in order."""

    def __init__(self, seed: int, settings: DistrictSettings) -> None:
        self.pick = random.Random(f"texts/{seed}")
        self.settings = settings
        self.wordings = held_out(settings)

    def narrative(self, f: Facts, modes: Sequence[int]) -> str:
        """The narrative of a dispute whose signals have these modes."""
        pick = self.pick
        voice = prose.VOICES[f.source]
        own = voice in _FIRST_PERSON
        slots = self._slots(f, voice)
        scenes = OFFICIAL if f.official else SCENES[DISPUTE_KINDS[f.kind]]
        parts = [pick.choice(prose.COURSE) for _ in range(pick.choice((0, 1, 1, 2, 2, 3)))]
        parts += [self.signal(k, mode, slots, f.late_in_years) for k, mode in enumerate(modes) if mode]
        if pick.random() < 0.45:
            parts.append(pick.choice(prose.ASIDES))
        if pick.random() < 0.15:
            parts.append(pick.choice(prose.TRAPS))
        if pick.random() < self.settings.petitions:
            parts.append(pick.choice(prose.PETITIONS))
        if pick.random() < (0.10 if own else 0.22):
            parts.append(self._identifier(f))
        pick.shuffle(parts)
        scene = pick.choice(scenes)
        # Some begin with what upsets them and come to the matter later.
        parts.insert(0 if pick.random() < 0.8 else min(1, len(parts)), scene)
        wishes = prose.WISHES["own" if own else "other"]
        parts += pick.sample(wishes, pick.choice((0, 1, 1, 2)))
        if own and pick.random() < 0.5:
            at = pick.randrange(len(parts))
            parts[at] = pick.choice(prose.SPOKEN) + parts[at]
        return self._finish(pick.choice(prose.OPENINGS[voice]), parts, slots, voice)

    def note(self, kind: str, f: Facts, modes: Sequence[int] | None) -> str:
        """The text of an event; calls and repeats may speak of signals."""
        slots = self._slots(f, "grid" if kind != "police_call" else "police")
        parts = [self.pick.choice(EVENTS[kind])]
        for k, mode in enumerate(modes if modes is not None else ()):
            if mode:
                parts.append(self.signal(k, mode, slots, f.late_in_years))
        if self.pick.random() < 0.2:
            parts.append(self.pick.choice(prose.COURSE))
        return self._finish("", parts, slots, "grid")

    def visit(self, finding: str, f: Facts) -> str:
        """The text of a visit, which says what the finding says."""
        parts = [self.pick.choice(VISITS[finding])]
        if self.pick.random() < 0.4:
            parts.append(self.pick.choice(prose.ASIDES))
        return self._finish("", parts, self._slots(f, "grid"), "grid")

    def signal(self, family: int, mode: int, slots: dict[str, str], late: bool) -> str:
        """One clause for a family in a mode."""
        pick = self.pick
        name, how = FAMILIES[family], MODES[mode]
        common, rare = self.wordings[name]
        choice = self.settings.wordings
        if choice == "common" or (choice == "drifting" and not late):
            pool = common
        else:
            pool = rare if choice == "held_out" else common + rare
        phrase = pick.choice(pool)
        subject = SUBJECT[name]
        if subject == "x":
            subject = "o" if pick.random() < 0.65 else "m"
        who = slots[subject]
        whom = slots["m" if subject == "o" else "o"]
        if how in _STRANGE_MODES:
            whom = pick.choice(STAND_INS)
        phrase = phrase.replace("{m}", whom)
        return pick.choice(FRAMES[how]).format(c=who + phrase, s=who, p=phrase, m=slots["m"], o=slots["o"])

    def _slots(self, f: Facts, voice: str) -> dict[str, str]:
        pick = self.pick
        own = voice in _FIRST_PERSON
        sides = prose.OPPONENTS.get(RELATIONS[f.relation], prose.OPPONENTS["unknown"])[
            "own" if own else "other"
        ]
        x, y = pick.choice(prose.SURNAMES), pick.choice(prose.SURNAMES)
        complainant = "我" if own else pick.choice(prose.COMPLAINANTS[voice]).replace("{y}", y)
        if f.official:
            opponent = f"{x}{pick.choice(('主任', '科长', '书记', '干事'))}"
        else:
            opponent = pick.choice(sides[0 if f.respondent_male else 1]).replace("{x}", x)
        place = pick.choice(prose.PLACES).format(
            e=pick.choice(prose.PLACE_NAMES), k=pick.randrange(1, 280), j=pick.randrange(1, 7)
        )
        month, day = f.day
        return {
            "m": complainant,
            "o": opponent,
            "amt": self._money(f.amount),
            "n": pick.choice(("两", "三", "四", "五", "六", "好几", "2", "3", "5", "七八")),
            "t": pick.choice(prose.TIMES),
            "place": place,
            "name": y + (pick.choice(prose.GIVEN) if pick.random() < 0.3 else pick.choice(prose.GIVEN) + pick.choice(prose.GIVEN)),
            "phone": typos.phone(pick),
            "date": pick.choice((f"{month}月{day}日", f"{month}月{day}号", f"{month}.{day}")),
            "clock": pick.choice((f"{pick.randrange(24)}时{pick.randrange(60):02d}分", f"{pick.randrange(24)}:{pick.randrange(60):02d}")),
            "office": pick.choice(prose.OFFICES),
        }  # fmt: skip

    def _money(self, amount: float) -> str:
        pick = self.pick
        if math.isnan(amount):
            return pick.choice(("一笔钱", "几千块", "几万块", "那笔钱", "一万多", "三千来块"))
        if amount >= 10_000 and pick.random() < 0.4:
            return f"{amount / 10_000:.3g}万" + pick.choice(("", "元", "块"))
        return pick.choice(_AMOUNT_STYLES).format(amount)

    def _identifier(self, f: Facts) -> str:
        pick = self.pick
        u = pick.random()
        if u < 0.45:
            return pick.choice(("电话{}", "联系方式{}", "手机号{}", "打{}找我", "微信同号{}")).format(
                typos.phone(pick)
            )
        if u < 0.70:
            return pick.choice(("身份证{}", "证件号{}", "身份证号码：{}", "公民身份号码{}")).format(
                typos.identity(pick, f.complainant_birth)
            )
        if u < 0.82:
            return pick.choice(("车牌{}", "车号{}", "开的是{}")).format(typos.plate(pick))
        if u < 0.90:
            return pick.choice(("打到{}", "卡号{}", "转账到{}这张卡")).format(typos.bank_card(pick))
        return pick.choice(("住{place}", "地址：{place}", "家住{place}"))

    def _finish(self, opening: str, parts: list[str], slots: dict[str, str], voice: str) -> str:
        pick = self.pick
        style = pick.random()
        text = opening
        for k, part in enumerate(parts):
            text += part
            if k < len(parts) - 1:
                u = pick.random()
                if voice in _FIRST_PERSON and style < 0.25:
                    text += " " if u < 0.4 else "，"
                else:
                    text += "，" if u < 0.66 else "。" if u < 0.9 else "；"
        text = text.format_map(slots) if "{" in text else text
        text += pick.choice(("。", "。", "", "！", "！！", "…")) if voice in _FIRST_PERSON else "。"
        text = typos.misspell(text, pick, _SLIPS[voice])
        u = pick.random()
        if u < 0.015:
            text = typos.traditional(text)
        elif u < 0.03:
            text = typos.debris(text, pick)
        elif u < 0.045:
            text = typos.full_width(text)
        elif u < 0.06:
            text = " " + text.replace("。", "。\n", 1) + " "
        return text
