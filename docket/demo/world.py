"""The place and its people: streets, communities, grids, workers, households, ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.demo.settings import stream

Ints: TypeAlias = NDArray[np.int64]

_STREETS: Final = (
    "河畔", "雁栖", "白塔", "黄峪", "安泰", "金柳", "石洞", "西津", "桥门", "兰园", "柳沟", "盐场", "马滩", "陇苑",
)  # fmt: skip
_COMMUNITIES: Final = (
    "桃林", "杏花", "双柳", "文汇", "民乐", "水车", "和光", "新桥", "庙滩", "段家", "曹坪", "北苑", "东岗", "福安",
    "枣园", "临江", "平安", "万里", "团结", "华林", "五泉", "牟家", "沙井", "青石", "秀川", "晏家", "火车站西", "梨花",
)  # fmt: skip
_CENTRE: Final = (103.80, 36.06)


@dataclass(frozen=True)
class World:
    """Arrays over people (index = person) and the tables of the place.

    `spouse`, `former` hold a person or -1; `sort_grid` lists people by grid and `grid_start` where each begins.
    """

    grids: pd.DataFrame
    workers: pd.DataFrame
    grid: Ints
    household: Ints
    house_start: Ints
    birth: Ints
    male: NDArray[np.bool_]
    spouse: Ints
    former: Ints
    workplace: Ints
    weight: NDArray[np.float64]
    adjacent: Ints
    worker_of: Ints
    capacity: Ints
    officials: Ints

    @property
    def people(self) -> int:
        """How many people live here."""
        return len(self.grid)


def build(disputes: int, seed: int, year: int) -> World:
    """The district for so many disputes; `year` is the year of its last day."""
    rng = stream(seed, "world")
    grids, community = _grids(rng, max(12, round(disputes / 70)))
    workers, worker_of, capacity = _workers(rng, grids, community)
    households = max(120, round(disputes * 0.62))
    size = rng.choice([1, 2, 3, 4, 5], size=households, p=[0.17, 0.29, 0.30, 0.16, 0.08])
    start = np.concatenate([[0], np.cumsum(size)])
    people = int(start[-1])
    household = np.repeat(np.arange(households), size)
    # People are numbered household by household, and households grid by grid: neighbours are contiguous.
    grid = np.sort(rng.choice(len(grids), size=households, p=_unequal(rng, len(grids))))[household]
    place = np.arange(people) - start[household]
    couple = (rng.random(households) < 0.78) & (size >= 2)
    elder = rng.integers(year - 76, year - 27, size=households)
    birth = elder[household] + rng.integers(-4, 5, size=people)
    child = (place >= 2) | ((place == 1) & ~couple[household])
    birth = np.where(child, np.minimum(birth + rng.integers(22, 33, size=people), year - 8), birth)
    male = rng.random(people) < 0.5
    spouse = np.full(people, -1)
    first = start[:-1][couple]
    spouse[first], spouse[first + 1] = first + 1, first
    male[first + 1] = ~male[first]
    single = np.flatnonzero((spouse < 0) & (birth < year - 26))
    single = rng.permutation(single)
    men, women = single[male[single]], single[~male[single]]
    n = int(0.45 * min(len(men), len(women)))
    former = np.full(people, -1)
    former[men[:n]], former[women[:n]] = women[:n], men[:n]
    weight = rng.gamma(0.6, size=people) + 0.15
    weight[birth > year - 19] = 0.0
    return World(
        grids=grids,
        workers=workers,
        grid=grid,
        household=household,
        house_start=start,
        birth=birth,
        male=male,
        spouse=spouse,
        former=former,
        workplace=rng.integers(0, max(8, people // 14), size=people),
        weight=weight,
        adjacent=_adjacent(grids),
        worker_of=worker_of,
        capacity=capacity,
        officials=rng.choice(np.flatnonzero(weight > 0), size=max(6, people // 250), replace=False),
    )


def _unequal(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    share = rng.gamma(5.0, size=n)
    return np.asarray(share / share.sum())


def _grids(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Ints]:
    communities = max(4, round(n / 5))
    streets = min(len(_STREETS), max(3, round(communities / 6)))
    community = np.sort(
        np.concatenate([np.arange(communities), rng.integers(0, communities, n - communities)])
    )
    street = np.sort(rng.integers(0, streets, communities))
    street[:streets] = np.minimum(street[:streets], np.arange(streets))
    street = np.sort(np.concatenate([np.arange(streets), street[streets:]]))
    # The town lies along a river, west to east, as Lanzhou does.
    street_lon = _CENTRE[0] + (np.arange(streets) - streets / 2) * 0.028
    street_lat = _CENTRE[1] + rng.normal(0, 0.012, streets)
    c_lon = street_lon[street] + rng.normal(0, 0.008, communities)
    c_lat = street_lat[street] + rng.normal(0, 0.006, communities)
    names = [
        f"{_COMMUNITIES[i % len(_COMMUNITIES)]}{('' if i < len(_COMMUNITIES) else str(i // len(_COMMUNITIES) + 1))}社区"
        for i in range(communities)
    ]
    within = pd.Series(community).groupby(community).cumcount().to_numpy() + 1
    frame = pd.DataFrame(
        {
            "grid_id": [f"g{i:04d}" for i in range(n)],
            "grid_name": [f"{names[c]}第{k}网格" for c, k in zip(community, within, strict=True)],
            "community_id": [f"c{c:03d}" for c in community],
            "community_name": [names[c] for c in community],
            "street_id": [f"s{street[c]:02d}" for c in community],
            "street_name": [f"{_STREETS[street[c]]}街道" for c in community],
            "lon": np.round(c_lon[community] + rng.normal(0, 0.0025, n), 6),
            "lat": np.round(c_lat[community] + rng.normal(0, 0.002, n), 6),
        }
    )
    return frame, community


def _adjacent(grids: pd.DataFrame) -> Ints:
    """The nearest other grid of each, within a strip of the sorted longitudes: n log n."""
    lon, lat = grids["lon"].to_numpy(), grids["lat"].to_numpy()
    order = np.argsort(lon, kind="stable")
    best = np.full(len(lon), np.inf)
    near = np.zeros(len(lon), dtype=np.int64)
    for step in range(1, min(25, len(lon))):
        a, b = order[:-step], order[step:]
        gap = (lon[a] - lon[b]) ** 2 + (lat[a] - lat[b]) ** 2
        for left, right in ((a, b), (b, a)):
            closer = gap < best[left]
            best[left[closer]] = gap[closer]
            near[left[closer]] = right[closer]
    return near


def _workers(
    rng: np.random.Generator, grids: pd.DataFrame, community: Ints
) -> tuple[pd.DataFrame, Ints, Ints]:
    n = len(grids)
    rows: list[tuple[int, str, int]] = []
    vacant = (rng.random(n) < 0.05) & (
        pd.Series(community).groupby(community).transform("size").to_numpy() > 1
    )
    for c in np.unique(community):  # a community keeps at least one grid worker
        members = np.flatnonzero(community == c)
        if vacant[members].all():
            vacant[members[0]] = False
    of = np.full(n, -1)
    for i in range(n):
        if not vacant[i]:
            of[i] = len(rows)
            rows.append((i, "grid_worker", int(rng.choice([2, 3, 4, 5, 6], p=[0.2, 0.35, 0.25, 0.12, 0.08]))))
    for i in map(int, np.flatnonzero(vacant)):
        of[i] = int(of[np.flatnonzero((community == community[i]) & ~vacant)[0]])
    for c in np.unique(community):
        first = int(np.flatnonzero(community == c)[0])
        rows.append((first, "mediator", 0))
        if c % 3 == 0:
            rows.append((first, "community_police", 0))
    frame = pd.DataFrame(
        {
            "worker_id": [f"w{i:04d}" for i in range(len(rows))],
            "grid_id": [f"g{g:04d}" for g, _, _ in rows],
            "role": [role for _, role, _ in rows],
            "daily_visits": np.array([d for _, _, d in rows], dtype=np.int64),
        }
    )
    return frame, of, frame["daily_visits"].to_numpy()
