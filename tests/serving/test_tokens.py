"""Tokens of an identity provider: a real one on this machine, its keys published over HTTP."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient
from issuer import Issuer, issuing
from pydantic import ValidationError
from small_district import case, key_of
from walking import call, seed

from docket.keys import SCOPES
from docket.store import Store
from serving.app import create_app
from serving.errors import Unavailable
from serving.permissions import API
from serving.settings import Settings
from serving.tokens import Tokens


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


def settings_of(store: Store, issuer: Issuer, **more: Any) -> Settings:
    return Settings(
        store=store.url,
        model="",
        jwks_url=issuer.url,
        jwt_issuer="https://id.example",
        jwt_audience="anlan",
        **more,
    )


@pytest.fixture
def bearer(store: Store, issuer: Issuer) -> Iterator[TestClient]:
    with TestClient(create_app(settings_of(store, issuer)), raise_server_exceptions=False) as made:
        yield made


def test_a_token_does_what_a_key_of_its_scope_and_area_does(
    bearer: TestClient, store: Store, issuer: Issuer
) -> None:
    seed(bearer, store)
    for route, rule in API.items():
        for scope in SCOPES:
            token = issuer.token(scope=[scope, "other"], worker_id="w1" if scope == "worker" else None)
            assert (call(bearer, route, token).status_code == 403) == (scope not in rule.scopes), (
                route,
                scope,
            )
    west = issuer.token(area="street:s2")
    assert bearer.get("/v1/cases/x1", headers=west).status_code == 404
    assert bearer.post("/v1/cases", json=case("n"), headers=west).status_code == 403
    assert issuer.fetched == 1  # the provider's keys are kept


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": -timedelta(minutes=5)},
        {"exp": None},
        {"iat": None},
        {"iat": timedelta(minutes=5)},
        {"nbf": timedelta(minutes=5)},
        {"iss": "https://id.example.evil"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"sub": None},
    ],
)
def test_a_token_of_another_time_place_or_purpose_is_none(
    bearer: TestClient, issuer: Issuer, claims: dict[str, Any]
) -> None:
    assert bearer.get("/v1/visits", headers=issuer.token()).status_code == 200
    assert bearer.get("/v1/visits", headers=issuer.token(**claims)).status_code == 401


def test_what_the_provider_did_not_sign_is_none(bearer: TestClient, issuer: Issuer) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = issuer.token()["Authorization"].split()[1]
    head, claims, signature = good.split(".")
    unsigned = jwt.encode({"sub": "x"}, None, algorithm="none", headers={"kid": "k1"})
    shared = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1","typ":"JWT"}').rstrip(b"=").decode()
    public = issuer.keys["k1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = hmac.digest(public, f"{shared}.{claims}".encode(), "sha256")
    forged = [
        issuer.token(key=stranger)["Authorization"].split()[1],
        # the public key as if it were a shared secret
        f"{shared}.{claims}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}",
        unsigned,
        f"{unsigned.split('.')[0]}.{claims}.",
        f"{head}.{claims}.",
        f"{head}.{claims[:-4]}.{signature}",
        issuer.token(kid="k9", key=stranger)["Authorization"].split()[1],
        good + "A" * 10_000,
        "..", "eyJhbGciOiJub25lIn0.e30.",
    ]  # fmt: skip
    for token in forged:
        assert bearer.get("/v1/visits", headers={"Authorization": f"Bearer {token}"}).status_code == 401, (
            token
        )
    assert issuer.fetched == 1  # unknown names of keys don't make it ask again and again


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": "openid"},
        {"scope": "centre analyst"},
        {"scope": None},
        {"scope": 7},
        {"area": None},
        {"area": "city:x"},
        {"area": ["district"]},
        {"scope": "worker"},
        {"scope": "worker", "worker_id": ""},
        {"worker_id": "w1"},
    ],
)
def test_a_token_that_does_not_say_what_it_is_for_reaches_nothing(
    bearer: TestClient, issuer: Issuer, claims: dict[str, Any]
) -> None:
    answer = bearer.get("/v1/visits", headers=issuer.token(**claims))
    assert answer.status_code == 403 and "token" in answer.json()["detail"]


def test_claims_are_named_in_settings(store: Store, issuer: Issuer) -> None:
    issuer.publish("e1", ec.generate_private_key(ec.SECP256R1()))
    named = settings_of(store, issuer, jwt_scope_claim="realm_access.roles", jwt_area_claim="https://x/area",
                        jwt_worker_claim="staff")  # fmt: skip
    claims = {
        "realm_access": {"roles": ["worker"]},
        "https://x/area": "grid:g1",
        "staff": "w1",
        "area": None,
        "scope": None,
    }
    with TestClient(create_app(named)) as client:
        token = issuer.token("e1", "ES256", **claims)
        assert client.get("/v1/visits?worker=w1", headers=token).status_code == 200
        assert client.get("/v1/visits?worker=w2", headers=token).status_code == 422


def test_without_the_providers_keys_tokens_wait_and_keys_go_on(
    bearer: TestClient, store: Store, issuer: Issuer
) -> None:
    issuer.broken = True
    answer = bearer.get("/v1/visits", headers=issuer.token())
    assert answer.status_code == 503 and answer.headers["retry-after"]
    assert bearer.get("/v1/visits", headers=key_of(store, "centre")).status_code == 200


def test_a_provider_that_fails_is_left_alone_for_a_moment(store: Store, issuer: Issuer) -> None:
    now = 0.0
    tokens = Tokens(settings_of(store, issuer), clock=lambda: now)
    token = issuer.token()["Authorization"].split()[1]
    issuer.broken = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            tokens.verify(token)
    assert issuer.fetched == 1
    issuer.broken, now = False, 6.0
    found = tokens.verify(token)
    assert found is not None and (found.key_id, found.scope, found.area) == ("token:li.ming", "centre", None)


def test_without_a_provider_a_token_is_none(client: TestClient, issuer: Issuer) -> None:
    assert client.get("/v1/visits", headers=issuer.token()).status_code == 401


@pytest.mark.parametrize(
    "settings",
    [
        {"jwks_url": "https://id.example/jwks"},
        {"jwks_url": "https://id.example/jwks", "jwt_issuer": "x"},
        {"jwks_url": "http://id.example/jwks", "jwt_issuer": "x", "jwt_audience": "y"},
        {"jwks_url": "file:///etc/keys", "jwt_issuer": "x", "jwt_audience": "y"},
    ],
)
def test_a_provider_is_bound_and_reached_safely(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**settings)
