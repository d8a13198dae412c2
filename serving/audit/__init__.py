"""The log of the API."""
