"""Slips of the API."""
