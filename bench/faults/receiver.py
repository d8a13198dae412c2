"""A receiver of webhooks as a process of its own: it notes what came, then says that it has it.

`python -m bench.faults.receiver PORT FILE`: a line of JSON a delivery, written before it is answered.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def main() -> None:
    """Listen until it is ended."""
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told = {name: self.headers.get(name, "") for name in _HEADERS} | {"body": body.decode()}
            with lock, path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
