"""The cases of the API."""
