"""What every text encoder keeps, whichever member it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_bodies import PLAIN, THREATS, lessons, make_tiny_bert, read

from models.encoders import bodies
from models.encoders.base import Encoder, EncoderMissingError, UnfittedError, read_by_hazard
from models.encoders.catalogue import MEMBERS, encoder_named, load_encoder
from models.encoders.frozen import FrozenEncoder
from models.encoders.ngrams import NgramEncoder
from models.encoders.small import SmallSettings
from models.encoders.transformer import TransformerEncoder
from models.encoders.tuning import TuningSettings
from models.ngrams import NgramScore

SMALL = SmallSettings(layers=2, width=32, heads=2, steps=20, batch=16)
QUICK = TuningSettings(steps=40, batch=16, rate=1e-3, head_rate=1e-2)
KINDS = ["ngrams", "transformer", "given", "frozen", "int8"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("hub") / "tiny-bert")


def unfitted(kind: str, tiny: Path, seed: int = 0) -> Encoder:
    if kind == "ngrams":
        return NgramEncoder(seed)
    if kind == "frozen":
        return FrozenEncoder(seed, base=str(tiny))
    base = str(tiny) if kind == "given" else None
    return TransformerEncoder(seed, base=base, small=SMALL, tuning=QUICK, int8=kind == "int8")


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(kind: str, tiny: Path) -> Encoder:
    return unfitted(kind, tiny).fit(*lessons())


TEXTS = [
    "楼上漏水，扬言要砍人",
    "",
    "双方同意调解",
    "龘靐齉爩，𠮷",
    "楼上漏水，没有扬言要砍人",
    "，".join(PLAIN + THREATS),
    "欠" * 300,
]


def test_every_member_is_listed_and_tested() -> None:
    assert {type(unfitted(kind, Path("x"))) for kind in KINDS} == set(MEMBERS.values())
    assert list(MEMBERS) == ["ngrams", "transformer", "frozen"]


def test_saved_and_loaded_it_gives_the_same_numbers(fitted: Encoder, tmp_path: Path) -> None:
    fitted.save(tmp_path / "encoder")
    again = load_encoder(tmp_path / "encoder")
    assert type(again) is type(fitted) and again.columns == fitted.columns and again.facts == fitted.facts
    np.testing.assert_array_equal(again.encode(read(TEXTS)), fitted.encode(read(TEXTS)))
    names = {path.suffix for path in (tmp_path / "encoder").rglob("*") if path.is_file()}
    assert names <= {".json", ".npz", ".safetensors"}


def test_columns_come_in_order_and_signs_beside_them(fitted: Encoder) -> None:
    scores = fitted.encode(read(TEXTS))
    assert scores.shape == (len(TEXTS), len(fitted.columns)) and scores.dtype == np.float64
    assert len(fitted.signs) == len(fitted.columns) == len(set(fitted.columns))
    places, names = read_by_hazard(fitted)
    assert names and all(
        name == f"encoder_{fitted.columns[p]}" for p, name in zip(places, names, strict=True)
    )


def test_empty_texts_score_zero_and_unseen_characters_a_number(fitted: Encoder) -> None:
    scores = fitted.encode(read(TEXTS))
    assert (scores[1] == 0).all() and np.isfinite(scores).all()
    assert fitted.encode(read([])).shape == (0, len(fitted.columns))
    assert (fitted.encode(read(["", ""])) == 0).all()


def test_alone_and_in_any_batch_it_is_the_same(fitted: Encoder) -> None:
    whole = fitted.encode(read(TEXTS))
    alone = np.concatenate([fitted.encode(read([text])) for text in TEXTS])
    np.testing.assert_allclose(alone, whole, atol=1e-5)
    if isinstance(fitted, TransformerEncoder | FrozenEncoder):
        for batch in (1, 3):
            np.testing.assert_allclose(fitted.with_batch(batch).encode(read(TEXTS)), whole, atol=1e-5)


def test_order_and_repetition_of_clauses_change_nothing(fitted: Encoder) -> None:
    one, other = fitted.encode(read(["楼上漏水，扬言要砍人", "扬言要砍人，楼上漏水，扬言要砍人"]))
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_seed_gives_the_same_numbers_twice(kind: str, fitted: Encoder, tiny: Path) -> None:
    again = unfitted(kind, tiny).fit(*lessons())
    np.testing.assert_array_equal(again.encode(read(TEXTS)), fitted.encode(read(TEXTS)))


def test_fitting_leaves_the_encoder_as_it_was(kind: str, tiny: Path) -> None:
    prepared = unfitted(kind, tiny).prepare(lessons()[0])
    one = prepared.fit(*lessons()).encode(read(TEXTS))
    prepared.fit(*lessons(seed=9))
    np.testing.assert_array_equal(prepared.fit(*lessons()).encode(read(TEXTS)), one)
    with pytest.raises(UnfittedError):
        prepared.encode(read(TEXTS))


def test_a_cue_asserted_never_lowers_and_one_denied_never_raises(fitted: Encoder) -> None:
    for text in ("楼上漏水", "双方同意调解，夜间噪音扰民", "手持菜刀堵门", ""):
        for threat in THREATS:
            before, asserted, denied = fitted.encode(
                read([text, f"{text}，{threat}", f"{text}，没有{threat}"])
            )
            assert (asserted >= before - 1e-5).all()
            places = [p for p, name in enumerate(fitted.columns) if name != "worst_clause"]
            assert (denied[places] <= before[places] + 1e-5).all()


def test_it_learns_that_threats_come_to_harm(kind: str, fitted: Encoder) -> None:
    place = read_by_hazard(fitted)[0][0]
    threat, plain = fitted.encode(read(["楼上漏水，扬言要砍人", "楼上漏水，物业费纠纷"]))[:, place]
    assert threat > plain


def test_the_ngrams_are_those_of_the_score() -> None:
    corpus, known = lessons()
    used = np.flatnonzero(known.exposure > 0)
    score = NgramScore.fit(
        corpus.rows(used), known.events[used], known.exposure[used], known.weight[used], penalty=10.0
    )
    made = NgramEncoder().fit(corpus, known)
    np.testing.assert_array_equal(made.encode(corpus), score.columns(corpus))


def test_int8_stays_near_what_it_was_made_of(tiny: Path) -> None:
    full = unfitted("transformer", tiny).fit(*lessons())
    assert isinstance(full, TransformerEncoder)
    whole = full.encode(read(TEXTS[:6]))
    np.testing.assert_allclose(full.in_precision(True).encode(read(TEXTS[:6])), whole, atol=0.3)
    np.testing.assert_array_equal(full.in_precision(True).in_precision(False).encode(read(TEXTS[:6])), whole)


def test_a_fuse_that_blows_is_told(tiny: Path) -> None:
    blown = TransformerEncoder(small=SmallSettings(layers=1, width=16, heads=1, seconds=0.0), tuning=QUICK)
    facts = blown.prepare(lessons()[0]).facts
    assert facts["pretraining_stopped_early"] and facts["pretraining_steps"] == 0


# Names


def test_what_the_command_line_names(tiny: Path) -> None:
    assert encoder_named("ngrams") is None
    small, given, frozen = (encoder_named(name, 4) for name in ("transformer", str(tiny), f"frozen:{tiny}"))
    assert isinstance(small, TransformerEncoder) and small.base is None and small.seed == 4
    assert isinstance(given, TransformerEncoder) and given.base == str(tiny)
    assert isinstance(frozen, FrozenEncoder) and frozen.base == str(tiny)
    for words, int8 in (("", False), ("frozen:", False), ("ngrams", True), (f"frozen:{tiny}", True)):
        with pytest.raises(ValueError, match=r"encoder|int8"):
            encoder_named(words, int8=int8)


def test_a_hub_name_takes_the_path_of_a_folder(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the hub's own cache layout, offline: what a name finds where nothing may be fetched
    commit, hub = "0" * 40, tiny.parent / "cache" / "hub" / "models--someone--tiny-bert"
    (hub / "refs").mkdir(parents=True)
    (hub / "refs" / "main").write_text(commit)
    (hub / "snapshots" / commit).mkdir(parents=True)
    for path in tiny.iterdir():
        (hub / "snapshots" / commit / path.name).write_bytes(path.read_bytes())
    code = (
        "import sys; from models.encoders.bodies import read_body, embed; "
        "a, b = (embed(read_body(base), ['楼上漏水']) for base in sys.argv[1:]); assert (a == b).all()"
    )
    environment = {"HF_HOME": str(tiny.parent / "cache"), "HF_HUB_OFFLINE": "1", "PATH": ""}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    subprocess.run([sys.executable, "-c", code, "someone/tiny-bert", str(tiny)], check=True, env=environment)


def test_a_body_without_safetensors_is_refused(tiny: Path, tmp_path: Path) -> None:
    for path in tiny.iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(OSError, match="safetensors"):
        bodies.read_body(str(tmp_path))


def test_what_is_missing_says_which_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EncoderMissingError, match=r"\.\[encoder\]"):
        TransformerEncoder().fit(*lessons())


def test_nothing_imports_torch_unasked() -> None:
    code = (
        "import importlib, json, pkgutil, sys; import models, pipelines, serving\n"
        "for package in (models, pipelines, serving):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not found.name.startswith('models.pyfunc_model'): importlib.import_module(found.name)\n"
        "print(json.dumps(sorted({'torch', 'transformers', 'tokenizers'} & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
