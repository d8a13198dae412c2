"""How often an ordinary case is called strange, and how often a strange one is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from bench.trust.held import Held
from models.ranges import ALARM

ELSEWHERE = (
    "今日最高气温三十二度，午后有阵雨，东南风三到四级",
    "鸡蛋打散加少许盐，锅中放油烧至七成热，倒入蛋液翻炒",
    "沪深两市成交额较前一交易日缩量，半导体板块领涨",
    "主队在第七十八分钟由替补前锋头球破门，客场取胜",
    "本品成分为布洛芬，饭后服用，孕妇慎用",
    "该函数返回一个迭代器，遍历时不会一次读入内存",
)
"""Sentences of other worlds: weather, kitchen, market, sport, a leaflet, a manual."""


def section(held: Held) -> list[str]:
    """The lines of the report."""
    intake = held.cases.at_intake
    lines = [
        f"Out of range: limits that make {ALARM:.1%} of the held-out quarter strange by table, and by text.",
        f"  {'':<44} {'table':>7} {'text':>7} {'either':>7}",
    ]
    for name, rows in (("ordinary cases at intake", intake), ("ordinary moments after records", ~intake)):
        lines.append(_line(name, held, held.frame[rows]))
    frame = held.frame[intake].iloc[:600].reset_index(drop=True)
    rng = np.random.default_rng(0)
    for name, shift in SHIFTS.items():
        lines.append(_line(name, held, shift(frame.copy(), rng)))
    return lines


def _line(name: str, held: Held, frame: pd.DataFrame) -> str:
    out = held.trained.scorer.outside(frame)
    return f"  {name:<44} {out[:, 0].mean():7.1%} {out[:, 1].mean():7.1%} {out.any(axis=1).mean():7.1%}"


def _numbers(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if name != "text"]


def _tenfold(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    counts = [name for name in _numbers(frame) if name.endswith(("_ever", "_365d", "_90d", "_30d"))]
    return frame.assign(**{name: frame[name] * 10 for name in counts})


def _mixed(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Each column keeps its values, and no row hangs together."""
    return frame.assign(**{name: rng.permutation(frame[name].to_numpy()) for name in _numbers(frame)})


def _lost(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    half = rng.permutation(_numbers(frame))[: len(_numbers(frame)) // 2]
    return frame.assign(**dict.fromkeys(half, np.nan))


def _scrambled(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(text=["".join(rng.permutation(list(text))) for text in frame["text"]])


def _elsewhere(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(text=rng.choice(ELSEWHERE, len(frame)))


def _half(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    strange = rng.choice(ELSEWHERE, len(frame))
    texts = [text[: len(other)] + "，" + other for text, other in zip(frame["text"], strange, strict=True)]
    return frame.assign(text=texts)


SHIFTS: dict[str, Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]] = {
    "counts ten times as high": _tenfold,
    "columns of one case from many cases": _mixed,
    "half the columns missing": _lost,
    "characters in random order": _scrambled,
    "a text from another world": _elsewhere,
    "half of a text from another world": _half,
}
