"""The record contract: enumerations, tables, and the pandera schemas made from them."""

from docket.contract.tables import BY_NAME, CONTRACT, GUARDIAN, OPEN_TABLES, WITHDRAWN, Column, Kind, Table

__all__ = ["BY_NAME", "CONTRACT", "GUARDIAN", "OPEN_TABLES", "WITHDRAWN", "Column", "Kind", "Table"]
