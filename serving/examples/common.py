"""What several examples share."""

from __future__ import annotations

from typing import Any, Final

Example = dict[str, Any]
CASE_ID: Final = "d-2026-000123"
PERSON: Final = "p-9f2c"
OPENED: Final = "2026-03-31T08:30:00+08:00"
LATER: Final = "2026-03-31T19:05:00+08:00"
RECORDED: Final = "2026-03-31T08:42:10+08:00"
