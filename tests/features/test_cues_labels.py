"""What the tagger reads of labelled sentences; held to counts, so that one sentence may go another way.

When a rule is mended and more is read, raise the counts (``python -m bench.cues``).
"""

from __future__ import annotations

from pathlib import Path

from bench.cues import UNCLEAR, confusion, false_alarms, held_back, real, score, written
from features.cues import BY_NAME


def test_wordings_of_every_polarity_are_read_as_well_as_before() -> None:
    sentences = written()
    assert {label for s in sentences for label in s.labels} == BY_NAME.keys()
    kept, named, n = held_back(sentences)
    assert n == 217 and kept >= 164 and named >= 107
    assert confusion(sentences)["asserted"]["asserted"] >= 44


def test_real_judgments_are_read_as_well_as_before(shared_data: Path) -> None:
    sentences = real(shared_data)
    assert all(cue in BY_NAME for s in sentences for cue in s.labels)
    assert any(polarity == UNCLEAR for s in sentences for polarity in s.labels.values())
    read = score(sentences)
    assert read.right >= 286 and read.wrong <= 26 and read.missed <= 34
    assert held_back(sentences)[0] >= 43
    alarms, drawn = false_alarms(sentences)
    assert drawn == 70 and len(alarms) <= 1
