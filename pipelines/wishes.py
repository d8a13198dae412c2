"""What a district wishes of its colours: shares of intake, or risks; a JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from docket.faults import BadInput
from models import policy


@dataclass(frozen=True)
class Wishes:
    """What `anlan train --policy FILE` asks for.

    Attributes
    ----------
    capacity
        Shares of intake that red, yellow and blue may take.
    thresholds
        The least risk of escalation within 90 days of red, yellow and blue; None: fitted to the capacity.
    """

    capacity: dict[str, float]
    thresholds: dict[str, float] | None

    @classmethod
    def read(cls, file: Path | None) -> Wishes:
        """The wishes of a file, or those that stand where no file is given.

        Raises
        ------
        BadInput
            If the file isn't there, isn't JSON, or asks for what no policy can be.
        """
        if file is None:
            return cls(dict(policy.CAPACITY), None)
        try:
            asked = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput(f"--policy {file}: {error}") from error
        if not isinstance(asked, dict) or not asked or not asked.keys() <= {"capacity", "thresholds"}:
            raise BadInput(f"--policy {file}: an object with `capacity`, `thresholds` or both was expected")
        wishes = cls(asked.get("capacity", dict(policy.CAPACITY)), asked.get("thresholds"))
        try:
            policy.ColourPolicy(
                capacity=wishes.capacity, thresholds=wishes.thresholds or policy.DEFAULT.thresholds
            )
        except (policy.PolicyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"--policy {file}: {error}") from error
        return wishes
