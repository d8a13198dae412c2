"""Petitioning is never a signal: the words for it are taken out of every text before it is read."""

from docket.text.petitions.removal import join_split_words, petition_spans, remove_petitions

__all__ = ["join_split_words", "petition_spans", "remove_petitions"]
