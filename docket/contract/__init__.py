"""The record contract: enumerations, tables, pandera schemas."""
