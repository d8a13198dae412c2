"""Backups of a record store: one file each, which says what it is and can be put back whole or not at all."""

from docket.backup.manifest import BackupError, Manifest
from docket.backup.restoring import restore
from docket.backup.taking import backup

__all__ = ["BackupError", "Manifest", "backup", "restore"]
