"""Who may call what: keys, scopes and areas."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from docket import keys
from docket.keys import Key
from docket.times import now_micros
from serving.errors import Forbidden, Unauthorised
from serving.state import State, state_of

_bearer = HTTPBearer(auto_error=False, description="A key of `anlan key create`.")


def _key(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    state: Annotated[State, Depends(state_of)],
) -> Key:
    if given is None:
        raise Unauthorised()
    with state.store.snapshot() as conn:
        key = keys.verify(conn, given.credentials, now_micros())
    if key is None:
        raise Unauthorised()
    request.state.key_id = key.key_id
    return key


class Scoped:
    """A dependency that gives the caller's key if it has one of the scopes."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = scopes

    def __call__(self, key: Annotated[Key, Depends(_key)]) -> Key:
        """The key.

        Raises
        ------
        Forbidden
            If its scope isn't one of these.
        """
        if key.scope not in self.scopes:
            raise Forbidden(f"This needs a key of scope {' or '.join(self.scopes)}.")
        return key


def reaches(conn: sa.Connection, key: Key, grid_id: str) -> bool:
    """Whether a grid lies in the key's area."""
    if key.area is None:
        return True
    query = sa.text(f"SELECT 1 FROM known_grids WHERE grid_id = :grid AND {key.area.column} = :area")
    return conn.execute(query, {"grid": grid_id, "area": key.area.id}).first() is not None
