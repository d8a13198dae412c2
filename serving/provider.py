"""Logging in by the district's identity provider: OpenID Connect, the authorization code flow with PKCE.

What a login was begun with (state, nonce, verifier) stands encrypted in a cookie of the browser that began
it: nothing is kept here for logins that never come back, and any worker process can end one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx

from docket.keys import Key
from docket.times import MINUTE, now_micros
from docket.vault import VaultError, decrypt, encrypt
from serving.errors import Unavailable
from serving.settings import HERE, Settings
from serving.tokens import Bound, Tokens

LASTS: Final = 10 * MINUTE
"""How long somebody may take at the provider."""
_KEPT: Final = 3_600
_PAUSE: Final = 5
_PATIENCE: Final = 5.0
_CONTEXT: Final = "login"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_GONE: Final = "The identity provider can't be reached. Try again."


class LoginRefusedError(Exception):
    """A login that isn't one: begun elsewhere, too old, refused by the provider, or answered by another."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    basic: bool
    tokens: Tokens


class Provider:
    """The identity provider of the settings.

    Parameters
    ----------
    settings
        With `oidc_issuer`, `oidc_client_id` and `oidc_client_secret`; what claims are called, as for tokens.
    clock
        Seconds that only grow.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        secret = settings.oidc_client_secret
        self._settings, self._clock = settings, clock
        self._issuer = str(settings.oidc_issuer).rstrip("/")
        self._client = str(settings.oidc_client_id)
        self._secret = "" if secret is None else secret.get_secret_value()
        self._lock = threading.Lock()
        self._found: tuple[float, Found] | None = None
        self._again = -math.inf

    def begin(self, back: str, following: str) -> tuple[str, str]:
        """Where to send a browser that wants to log in, and what its cookie holds until it comes back.

        Parameters
        ----------
        back
            Where the provider sends it to.
        following
            The page that was wanted.

        Raises
        ------
        Unavailable
            If the provider can't be reached.
        """
        found = self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": back,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": _unpadded(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(found.authorization_endpoint).query else "?"
        begun = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "back": back,
            "following": following,
            "until": now_micros() + LASTS,
        }
        sealed = encrypt(json.dumps(begun), _CONTEXT)
        return f"{found.authorization_endpoint}{joint}{urlencode(asked)}", _unpadded(sealed)

    def end(self, begun: str, told: Mapping[str, str]) -> tuple[Key, str]:
        """Who came back from the provider, and the page that they wanted.

        Parameters
        ----------
        begun
            What the browser's cookie held.
        told
            The parameters that it came back with.

        Raises
        ------
        LoginRefusedError
            If it didn't begin here, took too long, was refused, or the provider's answer isn't for it.
        Forbidden
            If the provider knows the person and says of no single scope or area.
        Unavailable
            If the provider can't be reached.
        """
        login = self._begun(begun)
        if not hmac.compare_digest(told.get("state", "").encode(), login["state"].encode()):
            raise LoginRefusedError("another login's answer")
        if told.get("iss", self._issuer).rstrip("/") != self._issuer:
            raise LoginRefusedError("another provider's answer")
        code = told.get("code", "")
        if told.get("error") or not code:
            raise LoginRefusedError("the provider refused")
        found = self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": login["back"],
            "code_verifier": login["verifier"],
        }
        said = self._exchanged(found, form)
        token = said.get("id_token")
        key = found.tokens.verify(token, nonce=login["nonce"]) if isinstance(token, str) else None
        if key is None:
            raise LoginRefusedError("the provider's token isn't for this login")
        # The session has an end of its own; the token was for coming in.
        return replace(key, expires_at=None), str(login["following"])

    def _begun(self, begun: str) -> dict[str, Any]:
        try:
            sealed = base64.urlsafe_b64decode(begun + "=" * (-len(begun) % 4))
            login: dict[str, Any] = json.loads(decrypt(sealed, _CONTEXT))
        except (binascii.Error, ValueError, VaultError) as error:
            raise LoginRefusedError("not begun here") from error
        if now_micros() >= login["until"]:
            raise LoginRefusedError("begun too long ago")
        return login

    def _exchanged(self, found: Found, form: dict[str, str]) -> dict[str, Any]:
        """The provider's answer to a code."""
        auth = None
        if found.basic:
            auth = httpx.BasicAuth(quote_plus(self._client), quote_plus(self._secret))
        else:
            form |= {"client_id": self._client, "client_secret": self._secret}
        try:
            answer = httpx.post(
                found.token_endpoint,
                data=form,
                auth=auth,
                timeout=_PATIENCE,
                headers={"Accept": "application/json"},
            )
        except httpx.HTTPError as error:
            raise Unavailable(_GONE) from error
        if answer.status_code >= 500:
            raise Unavailable(_GONE)
        said = _object(answer)
        if answer.status_code != 200 or said is None:
            raise LoginRefusedError("the provider didn't take the code")
        return said

    def _discovered(self) -> Found:
        """What the provider says of itself, asked once an hour; after a failure once in some seconds."""
        with self._lock:
            now = self._clock()
            if self._found is not None and now < self._found[0]:
                return self._found[1]
            if now < self._again:
                raise Unavailable(_GONE)
            try:
                answer = httpx.get(f"{self._issuer}/.well-known/openid-configuration", timeout=_PATIENCE)
                said = _object(answer) if answer.status_code == 200 else None
            except httpx.HTTPError:
                said = None
            if said is None or not self._is_sound(said):
                self._again = now + _PAUSE
                raise Unavailable(_GONE)
            methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            bound = Bound(said["jwks_uri"], said["issuer"], self._client)
            found = Found(
                said["authorization_endpoint"],
                said["token_endpoint"],
                "client_secret_basic" in methods,
                Tokens(self._settings, self._clock, bound=bound),
            )
            self._found = (now + _KEPT, found)
            return found

    def _is_sound(self, said: Mapping[str, Any]) -> bool:
        """Whether it is the issuer's, and leads nowhere by plain http."""
        if str(said.get("issuer", "")).rstrip("/") != self._issuer:
            return False
        places = [urlsplit(str(said.get(name, ""))) for name in _ENDPOINTS]
        here = {host.strip("[]") for host in HERE}
        return all(
            place.scheme == "https" or (place.scheme == "http" and place.hostname in here) for place in places
        )


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        said = answer.json()
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
