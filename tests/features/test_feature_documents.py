"""What was written about a dispute by a moment."""

from __future__ import annotations

import numpy as np
from made_districts import START, Rows, add_dispute, add_event, add_grid, empty, snapshot

from docket.times import DAY
from features.documents import documents
from features.frame import feature_frame
from features.sources import DuckSource


def district() -> Rows:
    rows = empty()
    add_grid(rows, "g0")
    add_dispute(
        rows, "d0", START, START + DAY, [("p0", "applicant"), ("p1", "respondent"), ("p1", "affected")]
    )
    rows["disputes"][0]["text"] = "初次报告"
    rows["disputes"].append({**rows["disputes"][0], "text": "更正后的报告", "recorded_at": START + 9 * DAY})
    for name, at, known, text in (
        ("e2", 3, 3, "第二件"),
        ("e1", 3, 3, "第一件"),
        ("e3", 2, 6, "迟记的事"),
        ("e4", 4, 4, None),
    ):
        add_event(rows, name, "d0", START + at * DAY, START + known * DAY, "contacted")
        rows["events"][-1]["text"] = text
    for name, at, text in (("v0", -5, "以前的走访"), ("v1", 5, "见面平静"), ("v2", 8, "")):
        rows["visits"].append(
            {
                "visit_id": name,
                "person_id": "p1",
                "worker_id": "w0",
                "at": START + at * DAY,
                "recorded_at": START + at * DAY,
                "contact": True,
                "finding": "calm",
                "text": text or None,
            }
        )
    add_dispute(rows, "other", START, START, [("p9", "applicant")])
    return rows


def texts(rows: Rows, dispute: str, day: float) -> list[str]:
    moment = START + int(day * DAY)
    (document,) = documents(DuckSource(snapshot(rows)), [dispute], np.array([moment]))
    assert document.text == "\n".join(part.text for part in document.parts)
    assert all(part.known <= moment for part in document.parts)
    return [part.text for part in document.parts]


def test_the_narrative_comes_first_and_the_rest_as_it_was_learned() -> None:
    rows = district()
    assert texts(rows, "d0", 1) == ["初次报告"]
    assert texts(rows, "d0", 3) == ["初次报告", "第一件", "第二件"]
    # Recorded on day 6, though it happened on day 2; one visit, though the person holds two roles.
    assert texts(rows, "d0", 6) == ["初次报告", "第一件", "第二件", "见面平静", "迟记的事"]


def test_a_correction_replaces_the_narrative_from_when_it_was_recorded() -> None:
    rows = district()
    assert texts(rows, "d0", 8.99)[0] == "初次报告"
    assert texts(rows, "d0", 9)[0] == "更正后的报告"
    assert texts(rows, "d0", 9).count("初次报告") == 0


def test_a_dispute_not_known_yet_has_no_text() -> None:
    assert texts(district(), "d0", 0.5) == []
    assert texts(district(), "nobody", 5) == []


def test_an_empty_narrative_still_stands_first() -> None:
    rows = district()
    for row in rows["disputes"]:
        row["text"] = None
    (document,) = documents(DuckSource(snapshot(rows)), ["d0"], np.array([START + 3 * DAY]))
    assert [(part.kind, part.text) for part in document.parts] == [
        ("narrative", ""),
        ("event", "第一件"),
        ("event", "第二件"),
    ]


def test_the_frame_has_the_text_of_each_query_in_order() -> None:
    moments = np.array([START + 9 * DAY, START, START + DAY])
    frame = feature_frame(DuckSource(snapshot(district())), ["d0", "other", "d0"], moments)
    assert list(frame["text"].str.split("\n").str[0]) == ["更正后的报告", "other的经过", "初次报告"]


def test_what_was_added_since_a_moment_is_what_was_recorded_after_it() -> None:
    rows = empty()
    add_grid(rows, "g0")
    add_dispute(rows, "d0", START, START)
    corrected = {**rows["disputes"][0], "recorded_at": START + 9 * DAY, "text": "改后的经过"}
    rows["disputes"].append(corrected)
    for number in range(3):
        add_event(rows, f"e{number}", "d0", START, START + (4 + 4 * number) * DAY, "police_call")
        rows["events"][-1]["text"] = f"第{number}次出警"
    (document,) = documents(DuckSource(snapshot(rows)), ["d0"], np.array([START + 20 * DAY]))
    # Recorded on days 9 (the narrative anew), 4, 8 and 12: what came on the very day was known by then.
    added = document.added_since(START + 8 * DAY)
    assert added.text.splitlines() == ["改后的经过", "第2次出警"]
    assert document.added_since(START + 12 * DAY).parts == ()
    assert document.added_since(0) == document
