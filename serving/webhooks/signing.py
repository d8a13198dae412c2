"""Signing deliveries as Standard Webhooks does: HMAC-SHA256 over id, timestamp and body."""

from __future__ import annotations

import base64
import hmac

from docket.outbox.endpoints import SECRET_PREFIX


def signed(secret: str, delivery_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a try.

    Parameters
    ----------
    secret
        `whsec_` and the key in base64.
    delivery_id
        The same at every try.
    timestamp
        Seconds since 1970, of this try.

    References
    ----------
    Standard Webhooks 1.0, https://www.standardwebhooks.com.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = b".".join((delivery_id.encode(), str(timestamp).encode(), body))
    signature = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
