"""An identity provider on this machine: it publishes its keys over HTTP, signs tokens, and lets people log in."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa


@dataclass
class Issuer:
    """Publishes public keys and signs claims with the private ones; lets one person in, who is logged in there.

    Attributes
    ----------
    claims
        What is said of the person in an ID token, besides what every one says.
    clients
        Secrets by client.
    methods
        How a client may show its secret.
    denies
        Whether the person says no.
    asked
        What each login was begun with.
    """

    keys: dict[str, Any] = field(default_factory=dict)
    fetched: int = 0
    broken: bool = False
    url: str = ""
    base: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=lambda: {"anlan": "s3cret&=+ 密"})
    methods: list[str] = field(default_factory=lambda: ["client_secret_basic"])
    denies: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def publish(self, kid: str, key: Any = None) -> None:
        self.keys[kid] = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwks(self) -> dict[str, Any]:
        made = []
        for kid, key in self.keys.items():
            kind = (
                jwt.algorithms.ECAlgorithm
                if isinstance(key, ec.EllipticCurvePrivateKey)
                else jwt.algorithms.RSAAlgorithm
            )
            made.append({**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"})
        return {"keys": made}

    def token(
        self, kid: str = "k1", algorithm: str = "RS256", key: Any = None, **claims: Any
    ) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.signed(kid, algorithm, key, **claims)}"}

    def signed(self, kid: str = "k1", algorithm: str = "RS256", key: Any = None, **claims: Any) -> str:
        now = datetime.now(UTC)
        said = {
            "iss": "https://id.example", "aud": "anlan", "sub": "li.ming", "iat": now,
            "exp": now + timedelta(minutes=5), "scope": "openid centre profile", "area": "district",
        } | claims  # fmt: skip
        # from now, not from when the tests were collected
        said = {n: now + v if isinstance(v, timedelta) else v for n, v in said.items() if v is not None}
        return jwt.encode(said, key or self.keys[kid], algorithm=algorithm, headers={"kid": kid})

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/jwks",
            "token_endpoint_auth_methods_supported": self.methods,
        } | self.told

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the person is sent back to: with a code, for they are logged in here."""
        wanted = {"response_type": "code", "scope": "openid", "code_challenge_method": "S256"}
        assert wanted.items() <= asked.items() and asked["client_id"] in self.clients, asked
        self.asked.append(asked)
        back = {"state": asked["state"], "iss": self.base}
        if self.denies:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = asked
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A token for a code: once, to the client that asked, if it can show what it asked with."""
        if "client_secret_basic" in self.methods:
            shown = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            client, secret = (unquote_plus(part) for part in shown)
        else:
            client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if self.clients.get(client) != secret:
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or (proof, form.get("redirect_uri")) != (
            asked["code_challenge"],
            asked["redirect_uri"],
        ):
            return 400, {"error": "invalid_grant"}
        claims = {"iss": self.base, "aud": client, "nonce": asked["nonce"]} | self.claims
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.signed(**claims)}


@contextmanager
def issuing() -> Iterator[Issuer]:
    made = Issuer()
    made.publish("k1")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            split = urlsplit(self.path)
            if split.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", made.authorize(dict(parse_qsl(split.query))))
                self.end_headers()
                return
            made.fetched += split.path == "/jwks"
            found = made.configuration() if split.path.startswith("/.well-known") else made.jwks()
            self._say(503 if made.broken else 200, found)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = self.headers.get("Authorization", "")
            self._say(*((503, {}) if made.broken else made.exchange(dict(parse_qsl(body)), given)))

        def _say(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.base = f"http://127.0.0.1:{server.server_port}"
    made.url = f"{made.base}/jwks"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()
