"""The log: a JSON object a line, the libraries' lines too, and of an error its type and place only.

An error's message isn't written: a database driver quotes parameters, a parser what it could not read, and
those may be a narrative or an identity.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Any, Final

import structlog

_TALKATIVE: Final = "uvicorn"
"""Whose INFO is worth a line. That of other libraries names URLs, and their DEBUG headers and statements."""
_UNHEARD: Final = "uvicorn.access"
"""Names paths as they came, ids and queries too. Our own line a request names the route."""
_PLACES: Final = 8


def configure(level: str) -> None:
    """Write the log from now on: our own lines to stdout, the libraries' to stderr.

    Parameters
    ----------
    level
        Of our own; the libraries say nothing below a warning, but for one.
    """
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    render = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            stamp,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, stamp], processors=[_of_a_library, render]
        )
    )
    least = logging.getLevelName(level)
    logging.basicConfig(handlers=[handler], level=max(least, logging.WARNING))
    for name in list(logging.root.manager.loggerDict):
        # MLflow brings handlers for itself and others, which write what they like.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != _UNHEARD
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logging.getLogger(_TALKATIVE).setLevel(max(least, logging.INFO))


def take_over() -> None:
    """Have what Python itself would print in this process go into the log, too: warnings, ends of threads."""
    logging.captureWarnings(True)
    threading.excepthook = _thread_ended


def log_failure(log: structlog.stdlib.BoundLogger, event: str, error: BaseException) -> None:
    """Log the type of `error` and where it was raised, without its message."""
    log.error(event, **told(error))


def told(error: BaseException) -> dict[str, Any]:
    """What is said of an error: its type, and where it was raised, the innermost place last."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return {"error": type(error).__name__, "at": places[-_PLACES:]}


def _of_a_library(_: Any, __: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """A library's line: its first, for what follows is an error put into words."""
    record: logging.LogRecord = line["_record"]
    said = str(line["event"]).strip().split("\n", 1)[0]
    kept = {"event": said, "logger": record.name, "level": line["level"], "timestamp": line["timestamp"]}
    error = line["exc_info"][1] if line.get("exc_info") else None
    return kept if error is None else kept | told(error)


def _thread_ended(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None and not isinstance(what.exc_value, SystemExit):
        log = structlog.get_logger("anlan.threads")
        log_failure(log, "thread_ended", what.exc_value)
        sys.stdout.flush()
