"""A client of the API for whoever sends cases: typed, thin over httpx, safe to try again."""

from serving.client.client import Client
from serving.client.sending import ApiError

__all__ = ["ApiError", "Client"]
