"""The small transformer on its own: pre-trained on the training narratives, fine-tuned, nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.model.districts import Sheets
from models.encoders.base import Lessons
from models.encoders.transformer import TransformerEncoder
from models.inputs import Inputs
from models.targets import RISK_COLUMNS


def scores(sheets: Sheets) -> dict[str, Any]:
    """The text's score for escalation within 90 days."""
    material = sheets.material()
    corpus = material.inputs.corpus
    lessons = Lessons.of(material.labels, material.inputs.cues, material.weight)
    encoder = TransformerEncoder().prepare(corpus).fit(corpus, lessons)
    read = Inputs.read(sheets.test).corpus
    return {"score": np.asarray(encoder.encode(read)[:, RISK_COLUMNS.index("escalation_90")])}
