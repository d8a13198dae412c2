"""Encryption of what may be read only by whom it concerns: narratives as submitted, and identities."""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from docket import secrets

_VERSION: Final = b"\x01"
_NONCE: Final = 12


class VaultError(Exception):
    """Something can't be decrypted: the secret is another one, or it was altered."""


def encrypt(text: str, context: str) -> bytes:
    """Encrypt a text.

    Parameters
    ----------
    text
        What is kept.
    context
        Where it belongs (table, row, version); what was encrypted for one place doesn't decrypt in another.

    Returns
    -------
    bytes
        A version byte, a random 96-bit nonce, and the AES-256-GCM ciphertext with its tag.
    """
    nonce = os.urandom(_NONCE)
    # surrogatepass: a narrative as submitted is given back as submitted, even where it isn't valid UTF-8.
    sealed = _cipher().encrypt(nonce, text.encode("utf-8", "surrogatepass"), context.encode())
    return _VERSION + nonce + sealed


def decrypt(sealed: bytes, context: str) -> str:
    """The text that `encrypt` was given with the same `context`.

    Raises
    ------
    VaultError
        If the secret isn't the one it was encrypted with, or the ciphertext or its place was altered.
    """
    if sealed[:1] != _VERSION:
        raise VaultError("encrypted in an unknown way")
    nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    try:
        return _cipher().decrypt(nonce, body, context.encode()).decode("utf-8", "surrogatepass")
    except InvalidTag as error:
        raise VaultError(
            f"can't be decrypted: ${secrets.VARIABLE} isn't the one it was written with"
        ) from error


def keyed_digest(purpose: str, content: bytes) -> str:
    """HMAC-SHA256 (hex) under a key of its own: equal contents can be told, contents can't be guessed."""
    return hmac.new(secrets.derive(purpose), content, sha256).hexdigest()


def _cipher() -> AESGCM:
    return AESGCM(secrets.derive("vault"))
