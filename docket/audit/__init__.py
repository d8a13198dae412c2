"""Who did what when to which case: an append-only log whose rows are chained, and what holds it to that."""

from docket.audit.actors import Actor, acting, actor
from docket.audit.chain import Action, Event, Head, head, record, record_all

__all__ = ["Action", "Actor", "Event", "Head", "acting", "actor", "head", "record", "record_all"]
