"""Takes what the pages need out of npm's folder: `make assets` runs this after `npm ci`.

The built files are committed, so that nobody who installs or runs the service needs Node. Beside them stands
`SHA256SUMS`, as `sha256sum` writes it; a test holds the files against it.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_PACKAGES: Final = _HERE / "assets" / "node_modules"
VENDOR: Final = _HERE / "static" / "vendor"
TOOLS: Final = _HERE.parents[1] / "tests" / "vendor"
SUMS: Final = "SHA256SUMS"

SERVED: Final = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "htmx.LICENSE": "htmx.org/LICENSE",
    "echarts.js": "echarts/dist/echarts.simple.min.js",
    "echarts.LICENSE": "echarts/LICENSE",
    "echarts.NOTICE": "echarts/NOTICE",
    "maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    "maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
    "maplibre-gl.LICENSE": "maplibre-gl/LICENSE.txt",
    "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui.LICENSE": "swagger-ui-dist/LICENSE",
    "swagger-ui.NOTICE": "swagger-ui-dist/NOTICE",
}
TESTED_WITH: Final = {"axe.js": "axe-core/axe.min.js", "axe.LICENSE": "axe-core/LICENSE"}


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def take(files: Mapping[str, str], folder: Path) -> None:
    """Put files of packages into a folder that then holds them and their digests alone.

    Raises
    ------
    FileNotFoundError
        If npm hasn't installed the package.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, source in files.items():
        text = (_PACKAGES / source).read_bytes()
        # Source maps stay behind: they are larger than the program and nobody debugs it here.
        lines = [line for line in text.splitlines(keepends=True) if b"# sourceMappingURL=" not in line]
        (folder / name).write_bytes(b"".join(lines))
    sums = "".join(f"{digest_of(folder / name)}  {name}\n" for name in sorted(files))
    (folder / SUMS).write_text(sums, encoding="ascii")


if __name__ == "__main__":
    take(SERVED, VENDOR)
    take(TESTED_WITH, TOOLS)
    sys.stdout.write(f"{VENDOR}\n{TOOLS}\n")
