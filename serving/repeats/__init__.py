"""Requests that come again: known as such and answered alike."""
