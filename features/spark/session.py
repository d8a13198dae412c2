"""A Spark session, or the one line that says what is missing for it.

pyspark is imported here and nowhere else before a session stands: the rest of the package works on the
session it is given.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL: Final = {
    "spark.master": "local[*]",
    # Nothing but this machine may reach what runs on it.
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "4g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # Buckets that keys are divided into: few for one machine, where each costs some milliseconds.
    "spark.sql.shuffle.partitions": "8",
}
"""Settings of a session where `$PYSPARK_SUBMIT_ARGS` names none: this machine, all its cores."""


class EngineMissingError(RuntimeError):
    """Something that the engine needs isn't installed; the message says what, and how to get it."""


def require_spark() -> None:
    """See that Spark could be started, without starting it.

    Raises
    ------
    EngineMissingError
        Without pyspark, or without Java.
    """
    if find_spec("pyspark") is None:
        raise EngineMissingError(
            "--engine spark needs the extra `spark`: pip install '.[spark]' in the folder of anlan's source"
        )
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java") if not home else str(Path(home) / "bin" / "java")
    if java is None or not Path(java).is_file():
        where = f"JAVA_HOME={home} holds none" if home else "no java on PATH"
        raise EngineMissingError(
            f"--engine spark needs Java 17 or later: {where} (on Debian: openjdk-17-jre-headless)"
        )


@contextmanager
def spark_session(settings: Mapping[str, str] = LOCAL) -> Iterator[SparkSession]:
    """A session for as long as the block runs; one that runs already is used, and left running.

    Parameters
    ----------
    settings
        Used whole where `$PYSPARK_SUBMIT_ARGS` isn't set, not at all where it is: a session's own settings
        would override those, and a cluster is described there.

    Raises
    ------
    EngineMissingError
        Without pyspark, or without Java.
    """
    require_spark()
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra

    if (running := SparkSession.getActiveSession()) is not None:
        yield running
        return
    words = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    before = dict(os.environ)
    os.environ.setdefault("PYSPARK_SUBMIT_ARGS", shlex.join([*words, "pyspark-shell"]))
    # Else a worker is whatever `python3` is on PATH, perhaps without this package.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        session = SparkSession.builder.appName("anlan").getOrCreate()
    finally:
        for name in {"PYSPARK_SUBMIT_ARGS", "PYSPARK_PYTHON"} - before.keys():
            del os.environ[name]
    try:
        yield session
    finally:
        session.stop()
