"""Which peers are judged on which districts, and where each runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from .districts import Recipe

JUDGING: Final = (
    Recipe.of("rare", 20_000, 7, base_rate=0.003, wordings="common", wording_seed=5),
    Recipe.of("history", 10_000, 12, base_rate=0.01, history=1.8, signals=0.6, wordings="common"),
    Recipe.of("drifting", 10_000, 7, wordings="drifting", drift=0.8, wording_seed=3),
    Recipe.of("signals", 8_000, 12, base_rate=0.03, history=0.5, signals=1.7, drift=-0.5),
    Recipe.of("frequent", 10_000, 7, base_rate=0.05, wordings="common", wording_seed=2, late=0.4),
)
"""What results are reported on: seeds 7 and 12, on which nothing is chosen."""
TUNING: Final = (
    Recipe.of("rare, tuning", 20_000, 101, base_rate=0.003, wordings="common", wording_seed=11),
    Recipe.of("history, tuning", 10_000, 102, base_rate=0.012, history=1.6, signals=0.7, wordings="common"),
    Recipe.of("plain, tuning", 10_000, 11, wordings="drifting", drift=0.5, wording_seed=12),
    Recipe.of("signals, tuning", 8_000, 101, base_rate=0.03, history=0.6, signals=1.5, drift=-0.3),
    Recipe.of("frequent, tuning", 10_000, 102, base_rate=0.05, wordings="common", wording_seed=13),
)
"""What the model is chosen on: seeds 101, 102 and 11."""
_LARGE: Final = Recipe.of("large", 45_000, 12, base_rate=0.05, wordings="common", wording_seed=4)
LEARNING: Final = tuple(
    replace(_LARGE, name=f"{harms} harms", harms=harms) for harms in (30, 100, 300, 1_000)
)
"""One district of which less and less is taught."""
NEIGHBOUR: Final = Recipe.of("neighbour", 10_000, 102, base_rate=0.02, wordings="all", wording_seed=6)
"""Another district, whose model a new one may start from."""
TINY: Final = (Recipe.of("tiny", 1_500, 101, base_rate=0.05, wordings="common"),)
"""To see the bench run."""


@dataclass(frozen=True)
class Peer:
    """One column of the table.

    Attributes
    ----------
    name
        As it is asked for and reported.
    module
        Of `peers`.
    what
        A line for the report.
    code
        Globs of the code that its scores depend on, besides its module and the districts.
    environment
        See `bench.environments`; None is this project's.
    options
        Keyword arguments of its `scores`.
    dear
        Whether it is so slow that it is judged on two districts only.
    learning
        Whether it is judged where little is taught only.
    """

    name: str
    module: str
    what: str
    code: tuple[str, ...] = ()
    environment: str | None = None
    options: tuple[tuple[str, Any], ...] = ()
    dear: bool = False
    learning: bool = False


_BASELINES: Final = ("models/baselines.py", "models/reading.py")
OURS: Final = Peer("anlan", "anlan", "our model, as `anlan train` makes it", ("models/**/*.py",))
PEERS: Final = {
    peer.name: peer
    for peer in (
        OURS,
        *(
            Peer(name, "baseline", what, _BASELINES, options=(("name", name),))
            for name, what in (
                ("base_rate", "everybody alike"),
                ("checklist", "points of the cues asserted"),
                ("tfidf_lr", "TF-IDF of character 1- to 4-grams, logistic regression"),
                ("lightgbm_table", "LightGBM on the table"),
            )
        ),
        Peer("rule", "rule", "counts of what came before, the latest the most; nothing is learned"),
        Peer("tfidf_table_lr", "tfidf_table", "TF-IDF and table in one logistic regression"),
        Peer("catboost", "catboost_peer", "CatBoost on text and table", environment="boosting"),
        Peer("skrub", "skrub_peer", "skrub's TableVectorizer, gradient boosting", environment="boosting"),
        Peer("anlan_neighbour", "anlan", "our model, started from a neighbour's", ("models/**/*.py",),
             options=(("neighbour", NEIGHBOUR.digest),), learning=True),
        Peer("transformer", "transformer", "the small transformer on the text alone", ("models/**/*.py",),
             dear=True),
        Peer("autogluon", "autogluon_peer", "AutoGluon, best quality, ten minutes on both cores",
             environment="autogluon", options=(("seconds", 600),), dear=True),
    )
}  # fmt: skip
DEAR_ON: Final = ("history", "frequent")
"""The districts on which the slow ones are judged."""


def asked(peer: Peer, recipe: Recipe) -> bool:
    """Whether the peer is judged on the district."""
    if peer.learning:
        return recipe.harms is not None
    return not peer.dear or recipe.name.split(",")[0] in DEAR_ON
