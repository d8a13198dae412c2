"""Webhooks' tables: endpoints that are told of events, and the rows that are still to be delivered."""

from docket.outbox.endpoints import EVENTS, Endpoint, Event
from docket.outbox.messages import Message, put, put_all, withdraw

__all__ = ["EVENTS", "Endpoint", "Event", "Message", "put", "put_all", "withdraw"]
