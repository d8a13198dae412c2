"""What was known at a moment, for the slow reference: no time logic but throwing away what was not."""

from __future__ import annotations

from dataclasses import dataclass

from made_districts import Row, Rows

from docket.contract import BY_NAME
from docket.contract.enumerations import DISPUTE_KINDS, RELATIONS
from features.declarations import Entity

# Written out again, and otherwise than the streams write it.
GRAVITY = dict.fromkeys(DISPUTE_KINDS, 0) | dict.fromkeys(("divorce", "family", "neighbour"), 1)
GRAVITY |= {"injury": 2, "domestic_violence": 2}
STEPS = {"repeat_report": 1, "mediation_failed": 2, "agreement_breached": 2, "police_call": 3}
STEPS |= {"warning_letter": 4, "protection_order": 4}


@dataclass(frozen=True)
class Fact:
    key: str
    dispute: str
    item: str
    known: int
    at: int
    kind: str
    value: float


class View:
    """What was known at `as_of`."""

    def __init__(self, rows: Rows, as_of: int) -> None:
        self.as_of = as_of
        self.told: dict[str, list[Fact]] = {}
        told = {
            name: [row for row in found if row.get("recorded_at", as_of) <= as_of]
            for name, found in rows.items()
        }
        # Every version that ever stood: one that is withdrawn says only that there is no such row any more.
        self.every = {
            name: [row for row in found if not row.get("withdrawn")] for name, found in told.items()
        }
        self.now: dict[str, list[Row]] = {}
        for name, found in told.items():
            latest: dict[tuple[str, ...], Row] = {}
            for row in sorted(found, key=lambda row: row.get("recorded_at", 0)):
                latest[tuple(row[column] for column in BY_NAME[name].key)] = row
            self.now[name] = [row for row in latest.values() if not row.get("withdrawn")]
        self.excluded = {row["dispute_id"] for row in self.every["parties"] if row["relation"] == "authority"}
        self.disputes = {row["dispute_id"]: row for row in self.now["disputes"]}
        self.grids = {row["grid_id"]: row for row in self.now["grids"]}

    def in_force(self) -> list[Row]:
        found = []
        for row in self.now["registry"]:
            left, learned = row.get("left_at"), row.get("left_recorded_at")
            if left is not None and max(left, learned if learned is not None else left) <= self.as_of:
                continue
            found.append(row)
        return found

    def counted(self, dispute: str) -> bool:
        """Whether a dispute counts for others."""
        return dispute in self.disputes and dispute not in self.excluded

    def facts(self, stream: str) -> list[Fact]:
        if stream not in self.told:
            self.told[stream] = getattr(self, f"_{stream}")()
        return self.told[stream]

    def _case(self) -> list[Fact]:
        found = []
        for d in self.now["disputes"]:
            name, opened, known = d["dispute_id"], d["opened_at"], d["recorded_at"]
            values = {
                "kind": DISPUTE_KINDS.index(d["kind"]),
                "gravity": GRAVITY[d["kind"]],
                "police": int(d["source"] == "police_110"),
                "amount": d["amount_cny"],
                "opened": opened,
            }
            found += [Fact(name, name, name, known, opened, k, v) for k, v in values.items() if v is not None]
            door = "police" if d["source"] == "police_110" else "other"
            found.append(Fact(name, name, door, known, opened, "door", 1))
        for e in self.now["events"]:
            name, known, at = e["dispute_id"], e["recorded_at"], e["at"]
            if e["kind"] in ("police_call", "repeat_report"):
                police = e["kind"] == "police_call" or e.get("source") == "police_110"
                door = "police" if police else "other"
                found.append(Fact(name, name, door, known, at, "door", 1))
        for d in self.every["disputes"]:
            name, opened, known = d["dispute_id"], d["opened_at"], d["recorded_at"]
            found.append(Fact(name, name, name, known, opened, "delay", known - opened))
            found.append(Fact(name, name, name, known, known, "recorded", known))
        return found

    def _case_parties(self) -> list[Fact]:
        return [
            Fact(
                p["dispute_id"],
                p["dispute_id"],
                p["person_id"],
                p["recorded_at"],
                p["recorded_at"],
                p["role"],
                RELATIONS.index("unknown" if p["relation"] == "authority" else p["relation"]),
            )
            for p in self.now["parties"]
        ]

    def _case_events(self) -> list[Fact]:
        return [
            Fact(
                e["dispute_id"],
                e["dispute_id"],
                e["event_id"],
                e["recorded_at"],
                e["at"],
                e["kind"],
                1 if e["kind"] == "closed" else STEPS.get(e["kind"], 0),
            )
            for e in self.now["events"]
        ]

    def _case_outcomes(self) -> list[Fact]:
        return [
            Fact(
                o["dispute_id"],
                o["dispute_id"],
                o["outcome_id"],
                o["recorded_at"],
                o["at"],
                o["kind"],
                o["severity"],
            )
            for o in self.now["outcomes"]
        ]

    def _case_registry(self) -> list[Fact]:
        return [
            Fact(
                r["dispute_id"],
                r["dispute_id"],
                r["entry_id"],
                r["recorded_at"],
                r["entered_at"],
                r["category"],
                1,
            )
            for r in self.in_force()
        ]

    def _person_disputes(self) -> list[Fact]:
        found = []
        for p in self.now["parties"]:
            if self.counted(p["dispute_id"]):
                d = self.disputes[p["dispute_id"]]
                known = max(p["recorded_at"], d["recorded_at"])
                name, kind = d["dispute_id"], f"{p['role']}/{d['kind']}"
                found.append(
                    Fact(p["person_id"], name, name, known, d["opened_at"], kind, GRAVITY[d["kind"]])
                )
        return found

    def _of_person(self, table: str, item: str) -> list[Fact]:
        return [
            Fact(
                p["person_id"],
                row["dispute_id"],
                row[item],
                max(p["recorded_at"], row["recorded_at"], self.disputes[row["dispute_id"]]["recorded_at"]),
                row["at"],
                f"{p['role']}/{row['kind']}",
                row["severity"] if table == "outcomes" else STEPS.get(row["kind"], 0),
            )
            for p in self.now["parties"]
            for row in self.now[table]
            if row["dispute_id"] == p["dispute_id"] and self.counted(p["dispute_id"])
        ]

    def _person_events(self) -> list[Fact]:
        return self._of_person("events", "event_id")

    def _person_outcomes(self) -> list[Fact]:
        return self._of_person("outcomes", "outcome_id")

    def _against(self) -> list[tuple[Row, Row, Row]]:
        return [
            (a, b, self.disputes[a["dispute_id"]])
            for a in self.now["parties"]
            for b in self.now["parties"]
            if a["dispute_id"] == b["dispute_id"]
            and self.counted(a["dispute_id"])
            and a["person_id"] != b["person_id"]
            and a["role"] != b["role"]
            and "respondent" in (a["role"], b["role"])
        ]

    def _person_opponents(self) -> list[Fact]:
        return [
            Fact(
                a["person_id"],
                d["dispute_id"],
                b["person_id"],
                max(a["recorded_at"], b["recorded_at"], d["recorded_at"]),
                d["opened_at"],
                d["kind"],
                1,
            )
            for a, b, d in self._against()
        ]

    def _person_registry(self) -> list[Fact]:
        return [
            Fact(
                r["person_id"],
                r["dispute_id"],
                r["entry_id"],
                max(r["recorded_at"], self.disputes[r["dispute_id"]]["recorded_at"]),
                r["entered_at"],
                r["category"],
                1,
            )
            for r in self.in_force()
            if self.counted(r["dispute_id"])
        ]

    def _person_visits(self) -> list[Fact]:
        scores = {"calm": 0, "tense": 1, "worse": 2, "unknown": 0}
        return [
            Fact(
                v["person_id"],
                "",
                v["visit_id"],
                v["recorded_at"],
                v["at"],
                v["finding"] if v["contact"] else "no_contact",
                scores[v["finding"]],
            )
            for v in self.now["visits"]
        ]

    def _pair_disputes(self) -> list[Fact]:
        return [
            Fact(
                f"{a['person_id']}\x1f{b['person_id']}",
                d["dispute_id"],
                d["dispute_id"],
                max(a["recorded_at"], b["recorded_at"], d["recorded_at"]),
                d["opened_at"],
                f"{a['role']}/{d['kind']}",
                GRAVITY[d["kind"]],
            )
            for a, b, d in self._against()
        ]

    def _of_pair(self, table: str, item: str) -> list[Fact]:
        return [
            Fact(
                f"{a['person_id']}\x1f{b['person_id']}",
                d["dispute_id"],
                row[item],
                max(a["recorded_at"], b["recorded_at"], d["recorded_at"], row["recorded_at"]),
                row["at"],
                row["kind"],
                row["severity"] if table == "outcomes" else STEPS.get(row["kind"], 0),
            )
            for a, b, d in self._against()
            for row in self.now[table]
            if row["dispute_id"] == d["dispute_id"]
        ]

    def _pair_events(self) -> list[Fact]:
        return self._of_pair("events", "event_id")

    def _pair_outcomes(self) -> list[Fact]:
        return self._of_pair("outcomes", "outcome_id")

    def _area(self, column: str) -> list[Fact]:
        found = []
        for d in self.now["disputes"]:
            name = d["dispute_id"]
            if not self.counted(name):
                continue
            grid = self.grids[d["grid_id"]]
            key = grid[column]
            item = name
            if column == "street_id":
                item = f"{grid['grid_id']}\x1f{name}"
            kind = f"dispute/{d['kind']}"
            found.append(Fact(key, name, item, d["recorded_at"], d["opened_at"], kind, 1))
            if any(o["dispute_id"] == name for o in self.now["outcomes"]):
                found.append(Fact(key, name, item, d["recorded_at"], d["opened_at"], "harm", 1))
        return found

    def _grid_disputes(self) -> list[Fact]:
        return self._area("grid_id")

    def _community_disputes(self) -> list[Fact]:
        return self._area("community_id")

    def _street_disputes(self) -> list[Fact]:
        return self._area("street_id")

    def keys(self, entity: Entity, dispute: str) -> list[str]:
        if dispute not in self.disputes:
            return []
        if entity is Entity.DISPUTE:
            return [dispute]
        grid = self.grids[self.disputes[dispute]["grid_id"]]
        if entity in (Entity.GRID, Entity.COMMUNITY, Entity.STREET):
            return [grid[f"{entity}_id"]]
        held = [(p["person_id"], p["role"]) for p in self.now["parties"] if p["dispute_id"] == dispute]
        if entity is Entity.PAIR:
            return [
                f"{a}\x1f{b}"
                for a, one in held
                for b, other in held
                if (one, other) == ("applicant", "respondent") and a != b
            ]
        if entity in (Entity.RELATIVE, Entity.CONTACT):
            return self._reached({person for person, _ in held}, family=entity is Entity.RELATIVE)
        return [person for person, role in held if entity is Entity.PERSON or role == entity.value]

    def _reached(self, parties: set[str], *, family: bool) -> list[str]:
        """Whom the parties share another dispute with, at most 24 each, those last learned of first."""
        found: set[str] = set()
        for party in parties:
            met: dict[str, int] = {}
            for a in self.now["parties"]:
                for b in self.now["parties"]:
                    dispute, other = a["dispute_id"], b["person_id"]
                    if a["person_id"] != party or b["dispute_id"] != dispute or other in parties:
                        continue
                    kin = {a["relation"], b["relation"]} <= {"spouse", "family"}
                    if self.counted(dispute) and kin is family:
                        times = (a["recorded_at"], b["recorded_at"], self.disputes[dispute]["recorded_at"])
                        met[other] = max(*times, met.get(other, 0))
            found |= set(sorted(met, key=lambda other: (met[other], other))[-24:])
        return sorted(found)
