"""The visits of the API."""
