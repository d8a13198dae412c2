"""The district's secret, which stands outside every database, and the keys derived from it."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VARIABLE: Final = "ANLAN_SECRET"
FILE: Final = Path("var/secret")
"""Where the secret stands, from the working folder, when the environment doesn't give it."""

SIZE: Final = 32
"""Bytes of the secret and of each derived key."""


class SecretError(Exception):
    """The secret can't be used."""


def secret() -> bytes:
    """The secret: `$ANLAN_SECRET` (base64 of at least 32 bytes), else the file `var/secret`.

    The file is made on first use, readable by its owner alone.

    Raises
    ------
    SecretError
        If what stands there isn't such a secret.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        return _decode(given, f"${VARIABLE}")
    if not FILE.exists():
        _make(FILE)
    return _decode(FILE.read_text(encoding="ascii"), str(FILE))


def stands() -> bool:
    """Whether there is a secret already, so that `secret` would not make one."""
    return VARIABLE in os.environ or FILE.exists()


def derive(purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256 of the secret), which tells nothing of another's.

    References
    ----------
    RFC 5869, HMAC-based Extract-and-Expand Key Derivation Function.
    """
    return _derive(secret(), purpose)


@lru_cache(maxsize=64)
def _derive(material: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), SIZE, salt=b"anlan", info=purpose.encode()).derive(material)


def _decode(text: str, origin: str) -> bytes:
    try:
        material = base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise SecretError(f"{origin} isn't base64") from error
    if len(material) < SIZE:
        raise SecretError(f"{origin} holds {len(material)} bytes, fewer than {SIZE}")
    return material


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole under another name and then linked, so that of two processes that start together both use
    # the one that came first. mkstemp's files are the owner's alone (0600).
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(base64.b64encode(os.urandom(SIZE)).decode() + "\n")
        os.link(name, path)
    except FileExistsError:
        return
    finally:
        Path(name).unlink()
