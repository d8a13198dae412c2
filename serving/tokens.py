"""Bearer tokens of an OpenID Connect provider: a signed JWT whose claims say scope and area."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import jwt

from docket.keys import SCOPES, Area, Key, KeyRequestError, Scope
from serving.errors import Forbidden, Unavailable
from serving.settings import Settings

LONGEST: Final = 8_192
DISTRICT: Final = "district"
"""What the area claim says of a token for the whole district: a missing claim must not mean everything."""
_ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
"""With a public key: a shared secret would let whoever checks tokens make them."""
_REQUIRED: Final = ("exp", "iat", "iss", "aud", "sub")
_LEEWAY: Final = 30
_PATIENCE: Final = 3
_PAUSE: Final = 5
_SECOND: Final = 1_000_000


class _Published(jwt.PyJWKClient):
    """The provider's keys, kept for five minutes; a key's name that isn't among them has it look again.

    That is once in half a minute, and after a failure once in some seconds: whoever sends nonsense while the
    provider is down must not keep threads waiting for it.
    """

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        super().__init__(url, lifespan=300, timeout=_PATIENCE, cooldown_duration=30)
        self._clock, self._again = clock, -math.inf

    def fetch_data(self) -> Any:
        """Ask the provider, unless it failed a moment ago."""
        if self._clock() < self._again:
            raise jwt.PyJWKClientConnectionError("the provider failed a moment ago")
        try:
            return super().fetch_data()
        except jwt.PyJWKClientConnectionError:
            self._again = self._clock() + _PAUSE
            raise


@dataclass(frozen=True, slots=True)
class Bound:
    """Whose tokens are taken.

    Attributes
    ----------
    jwks_url
        Where the keys are published.
    issuer, audience
        What `iss` and `aud` must say.
    """

    jwks_url: str
    issuer: str
    audience: str


class Tokens:
    """Checks tokens against the provider's published keys.

    Parameters
    ----------
    settings
        With the names of claims, and where `bound` doesn't say otherwise, `jwks_url`, `jwt_issuer` and
        `jwt_audience`.
    clock
        Seconds that only grow.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        *,
        bound: Bound | None = None,
    ) -> None:
        self._settings = settings
        self._bound = bound or Bound(
            str(settings.jwks_url), str(settings.jwt_issuer), str(settings.jwt_audience)
        )
        self._keys = _Published(self._bound.jwks_url, clock)

    def verify(self, token: str, *, nonce: str | None = None) -> Key | None:
        """What a token allows; None if it isn't the provider's for this service, or has expired.

        Parameters
        ----------
        nonce
            Of a login: what the token has to say that it was asked for with.

        Raises
        ------
        Forbidden
            If its claims say no single scope, no area, or not whose a worker's token is.
        Unavailable
            If the provider's keys can't be had.
        """
        if len(token) > LONGEST:
            return None
        try:
            claims = jwt.decode(
                token,
                self._keys.get_signing_key_from_jwt(token),
                algorithms=list(_ALGORITHMS),
                audience=self._bound.audience,
                issuer=self._bound.issuer,
                leeway=_LEEWAY,
                options={"require": list(_REQUIRED)},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable("The identity provider's keys can't be had. Try again.") from error
        except jwt.PyJWTError:
            return None
        if nonce is not None and not _of_login(claims, nonce, self._bound.audience):
            return None
        return self._key(claims)

    def _key(self, claims: Mapping[str, Any]) -> Key:
        named = self._settings
        said = _claim(claims, named.jwt_scope_claim)
        words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        scopes = [word for word in words if word in SCOPES]
        if len(scopes) != 1:
            raise Forbidden(f"The token's claim {named.jwt_scope_claim} must name one scope of this service.")
        worker = _claim(claims, named.jwt_worker_claim)
        if (scopes[0] == "worker") != (isinstance(worker, str) and bool(worker)):
            raise Forbidden(f"A worker's token, and no other, says whose it is: {named.jwt_worker_claim}.")
        where = _claim(claims, named.jwt_area_claim)
        try:
            area = None if where == DISTRICT else Area.parse(str(where))
        except KeyRequestError as error:
            raise Forbidden(
                f"The token's claim {named.jwt_area_claim} must be "
                f"street:ID, community:ID, grid:ID or {DISTRICT}."
            ) from error
        return Key(
            key_id=f"token:{claims['sub']}",
            scope=cast(Scope, scopes[0]),
            area=area,
            worker_id=worker,
            created_at=int(claims["iat"] * _SECOND),
            expires_at=int(claims["exp"] * _SECOND),
            revoked_at=None,
        )


def _of_login(claims: Mapping[str, Any], nonce: str, client: str) -> bool:
    """Whether it answers this login, and was issued to this client where it says to whom."""
    same = hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())
    return same and claims.get("azp") in (None, client)


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path with dots into nested ones (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
