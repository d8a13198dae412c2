"""Petitioning is never a signal: the words for it are taken out of every text before it is read."""

from docket.text.petitions.removal import petition_spans, remove_petitions

__all__ = ["petition_spans", "remove_petitions"]
