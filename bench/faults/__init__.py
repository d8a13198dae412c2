"""Faults made under load, and what they cost: lost, doubled, wrong."""
