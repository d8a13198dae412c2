"""The pages' own files: each is served under a name that holds its digest, so that a browser may keep it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from serving.errors import NotFound

FOLDER: Final = Path(__file__).parent / "static"
PREFIX: Final = "/assets"
_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
}
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_DIGITS: Final = 16
_OF_SCRIPTS: Final = {
    # A worker's policy is that of its own file: it may ask this service, and load nothing from elsewhere.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'",
    "Service-Worker-Allowed": "/visits",
}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Served:
    """A file as it's sent: phones on a poor line get it packed."""

    name: str
    media_type: str
    plain: bytes
    packed: bytes


def _read(folder: Path) -> Mapping[str, Served]:
    """Every file that browsers are given, by its path below the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
            name = f"{path.stem}.{digest}{path.suffix}"
            packed = gzip.compress(content, mtime=0)
            found[path.relative_to(folder).as_posix()] = Served(name, _TYPES[path.suffix], content, packed)
    return found


_FILES: Final = _read(FOLDER)
_BY_NAME: Final = {served.name: served for served in _FILES.values()}


def url_of(path: str) -> str:
    """Where a file of `static` is served, such as `vendor/htmx.js`.

    Raises
    ------
    KeyError
        If there is none.
    """
    return f"{PREFIX}/{_FILES[path].name}"


@router.get(PREFIX + "/{name}", include_in_schema=False)
def get_asset(name: str, request: Request) -> Response:
    """A file by the name that holds its digest; another digest is another file, and isn't there."""
    served = _BY_NAME.get(name)
    if served is None:
        raise NotFound("There is no such file.")
    packed = "gzip" in request.headers.get("accept-encoding", "")
    more = _OF_SCRIPTS if served.media_type == _TYPES[".js"] else {}
    return Response(
        served.packed if packed else served.plain,
        media_type=served.media_type,
        headers=_FOR_EVER | more | ({"Content-Encoding": "gzip"} if packed else {}),
    )
