"""What the service has been told from outside, to be printed: every setting, and no secret."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Final

import structlog

from docket import secrets
from serving import logs
from serving.settings import Settings

MASK: Final = "***"
_BESIDE: Final = {
    "MLFLOW_TRACKING_URI": "the model registry; unset: mlruns/ in the working folder",
    "MLFLOW_REGISTRY_URI": "where versions are registered, if elsewhere",
    "SSL_CERT_FILE": "certificates that webhooks trust; unset: the usual authorities",
}
"""Variables that libraries read themselves, and that an operator of the service sets."""
_USER: Final = re.compile(r"(?<=//)([^/?#:@]*):?.*@")
_SECRET_FIELD: Final = re.compile(
    r"([?&;][^=&;]*(?:pass|pwd|secret|token|key|sig)[^=&;]*=)[^&;#]*", re.IGNORECASE
)


def masked(text: str) -> str:
    """A value with the passwords of URLs taken out: those before the host, and those among the parameters."""
    return _SECRET_FIELD.sub(rf"\1{MASK}", _USER.sub(rf"\1:{MASK}@", text))


def summary(settings: Settings) -> dict[str, Any]:
    """Every setting by the name of its environment variable.

    Returns
    -------
    dict
        For each its `value` without passwords, whether it was `set`, and what it `is`. Of the secret it says
        where it comes from, and no more. `unknown` names variables that look like ours and mean nothing here:
        misspelt ones.
    """
    told: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        value = json.loads(settings.model_dump_json(include={name}))[name]
        told[variable(name)] = {
            "value": masked(value) if isinstance(value, str) else value,
            "set": name in settings.model_fields_set,
            "is": field.description,
        }
    for variable_name, what in _BESIDE.items():
        given = os.environ.get(variable_name)
        told[variable_name] = {
            "value": None if given is None else masked(given),
            "set": given is not None,
            "is": what,
        }
    told[secrets.VARIABLE] = {
        "value": MASK,
        "set": secrets.VARIABLE in os.environ,
        "is": f"the district's secret; unset: {secrets.FILE}, made if it isn't there",
    }
    unknown = sorted(name for name in os.environ if name.startswith("ANLAN_") and name not in told)
    return told | {"unknown": unknown}


def announce(settings: Settings) -> None:
    """Put the settings into the log, a line."""
    logs.configure(settings.log_level)
    told = summary(settings)
    unknown = told.pop("unknown")
    values = {name: one["value"] for name, one in told.items()}
    structlog.get_logger("anlan.settings").info("settings", **values, unknown=unknown)


def variable(field: str) -> str:
    """The environment variable of a field."""
    return f"{Settings.model_config['env_prefix']}{field.upper()}"
