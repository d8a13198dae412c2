"""The demo district: a seeded simulator that writes records, and the truth beside them."""

from docket.demo.generating import district, generate
from docket.demo.settings import DistrictSettings

__all__ = ["DistrictSettings", "district", "generate"]
