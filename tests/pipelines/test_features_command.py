"""`anlan features` tells of every feature, and helps who mistypes one."""

from __future__ import annotations

import pytest

from features.catalogue import CATALOGUE
from pipelines.cli import run


def test_every_feature_is_listed_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["features", "list"]) == 0
    heads, *lines = capsys.readouterr().out.splitlines()
    assert heads.split() == ["name", "entity", "unit", "window", "monotone", "why"]
    assert [line.split()[0] for line in lines] == [feature.name for feature in CATALOGUE]
    for line, feature in zip(lines, CATALOGUE, strict=True):
        assert line.endswith(feature.why)


def test_every_feature_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for feature in CATALOGUE:
        assert run(["features", "explain", feature.name]) == 0
        told = capsys.readouterr().out
        assert feature.why in told and feature.missing in told
        assert (feature.phrase or "never given as one") in told
        for measure in feature.measures:
            assert f"stream {measure.stream}:" in told
        assert "SELECT" in told and "__lookup__" not in told


def test_a_mistyped_name_ends_with_2_and_the_nearest_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["features", "explain", "respondent_harm_evr"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1 and "respondent_harm_ever" in said.err


def test_a_name_like_none_points_to_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["features", "explain", "###"]) == 2
    assert capsys.readouterr().err == "###: no such feature; see anlan features list\n"
