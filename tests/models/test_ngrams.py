import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.corpus import Clause, Corpus, grams
from models.ngrams import NgramScore

PLAIN = [
    "欠货款两年未付",
    "双方同意调解",
    "楼上漏水",
    "夜间噪音扰民",
    "希望尽快解决",
    "已做好登记",
    "物业费纠纷",
]
THREATS = ["威胁说要同归于尽", "扬言要砍人", "手持菜刀堵门"]


def analyzer(text: str) -> list[Clause]:
    return [
        Clause(
            part.removeprefix("没有"),
            polarity="denied" if part.startswith("没有") else "",
            cue=part in THREATS,
        )
        for part in text.split("，")
        if part
    ]


def texts(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    made, events = [], []
    for _ in range(n):
        parts = list(rng.choice(PLAIN, 3, replace=False))
        risk = 0.02
        if rng.random() < 0.3:
            parts.append(str(rng.choice(THREATS)))
            risk = 0.4
        elif rng.random() < 0.3:
            parts.append("没有" + str(rng.choice(THREATS)))
        made.append("，".join(parts))
        events.append(float(rng.random() < risk))
    return made, np.array(events)


@pytest.fixture(scope="module")
def fitted() -> tuple[Corpus, NgramScore, np.ndarray]:
    made, events = texts(1500, seed=0)
    corpus = Corpus.read(made, analyzer)
    score = NgramScore.fit(corpus, events, np.full(1500, 0.1), np.ones(1500), penalty=1.0)
    return corpus, score, events


def total(score: NgramScore, *made: str) -> np.ndarray:
    return score.columns(Corpus.read(made, analyzer))[:, 0]


def test_grams_mark_the_ends_and_keep_namespaces_apart() -> None:
    assert grams(Clause("砍")) == ["砍", "^砍", "砍$", "^砍$"]
    assert not set(grams(Clause("砍人", "denied"))) & set(grams(Clause("砍人")))


def test_a_denied_threat_is_not_a_threat(fitted: tuple[Corpus, NgramScore, np.ndarray]) -> None:
    _, score, _ = fitted
    threat, denied, none = total(score, "楼上漏水，扬言要砍人", "楼上漏水，没有扬言要砍人", "楼上漏水")
    assert threat > none + 0.5
    assert denied < none + 0.2


def test_a_wording_not_seen_shares_grams_with_those_seen(
    fitted: tuple[Corpus, NgramScore, np.ndarray],
) -> None:
    _, score, _ = fitted
    assert total(score, "扬言拿刀砍人")[0] > total(score, "噪音扰民纠纷")[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*PLAIN, *THREATS, "没有扬言要砍人"]), min_size=1, max_size=6), st.randoms())
def test_order_and_repetition_of_clauses_change_nothing(
    fitted: tuple[Corpus, NgramScore, np.ndarray], parts: list[str], random: object
) -> None:
    _, score, _ = fitted
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    once, other = total(score, "，".join(parts), "，".join([*shuffled, parts[0]]))
    assert other == pytest.approx(once, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*PLAIN, *THREATS]), min_size=1, max_size=6), st.sampled_from(THREATS))
def test_an_asserted_cue_never_lowers_either_column(
    fitted: tuple[Corpus, NgramScore, np.ndarray], parts: list[str], threat: str
) -> None:
    _, score, _ = fitted
    before, after = score.columns(Corpus.read(["，".join(parts), "，".join([*parts, threat])], analyzer))
    assert (after >= before - 1e-12).all()


def test_training_scores_are_serving_scores_and_survive_saving(
    fitted: tuple[Corpus, NgramScore, np.ndarray], tmp_path: object
) -> None:
    corpus, score, _ = fitted
    score.save(tmp_path, "text")  # type: ignore[arg-type]
    again = NgramScore.load(tmp_path, "text")  # type: ignore[arg-type]
    trained = score.columns(corpus)
    served = again.columns(Corpus.read(texts(1500, seed=0)[0], analyzer))
    assert served == pytest.approx(trained, abs=1e-12)
    alone = again.columns(Corpus.read(texts(1500, seed=0)[0][7:8], analyzer))
    assert (alone[0] == served[7]).all()


def test_without_any_event_the_score_is_zero() -> None:
    corpus = Corpus.read(["楼上漏水", "", "物业费纠纷"], analyzer)
    score = NgramScore.fit(corpus, np.zeros(3), np.ones(3), np.ones(3), penalty=1.0, least=1)
    assert (score.columns(corpus) == 0).all()
