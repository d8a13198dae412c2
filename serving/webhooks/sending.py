"""One try of one delivery: to the address that was checked, within a time, no redirect followed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from serving.webhooks.addresses import Address, Network, RefusedError, checked_url, resolved

_AGENT: Final = "anlan-webhook/1"
_ADDRESSES: Final = 3
"""Of a host that are tried: one that has IPv6 may not be reached by it from here."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a receiver didn't take a body.

    Attributes
    ----------
    reason
        In a few words, without the URL.
    after
        Seconds after which it may be tried again, where the receiver said so.
    gone
        Whether the receiver said that nobody there wants any more.
    """

    reason: str
    after: float | None = None
    gone: bool = False


class Post:
    """Sends bodies to URLs; may be used by several threads.

    Parameters
    ----------
    http
        Whether plain http is allowed.
    networks
        Private networks that may be called.
    seconds
        For the whole of a try: a receiver that answers byte by byte gains nothing.
    """

    def __init__(self, *, http: bool, networks: Sequence[Network], seconds: float) -> None:
        self._http, self._networks, self._seconds = http, tuple(networks), seconds
        # Costs some milliseconds; trusts what SSL_CERT_FILE names, else the usual authorities.
        self._tls = httpx.create_ssl_context()

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Refusal | None:
        """Try once; None if the receiver took it, else why not."""
        try:
            return asyncio.run(asyncio.wait_for(self._try(url, headers, body), self._seconds))
        except RefusedError as error:
            return Refusal(f"refused: {error}")
        except (TimeoutError, httpx.TimeoutException):
            return Refusal("timeout")
        except httpx.HTTPError as error:
            return Refusal("certificate" if _is_certificate(error) else f"no answer ({type(error).__name__})")
        except OSError:
            return Refusal("host not found")

    async def _try(self, text: str, headers: dict[str, str], body: bytes) -> Refusal | None:
        url = checked_url(text, http=self._http)
        *others, last = (await resolved(url, self._networks))[:_ADDRESSES]
        for address in others:
            try:
                return await self._send(url, address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if _is_certificate(error):
                    raise
        return await self._send(url, last, headers, body)

    async def _send(
        self, url: httpx.URL, address: Address, headers: dict[str, str], body: bytes
    ) -> Refusal | None:
        # To the address that was checked, not to the name again, which may mean another one by now. The
        # certificate must be of the name.
        sent = {"host": url.netloc.decode("ascii"), "content-type": "application/json", "user-agent": _AGENT}
        async with (
            # No proxy of the environment: it would resolve the name itself.
            httpx.AsyncClient(
                verify=self._tls,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(self._seconds, connect=self._seconds / _ADDRESSES),
            ) as client,
            client.stream(
                "POST",
                url.copy_with(host=str(address)),
                content=body,
                headers=sent | headers,
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as answer,  # whose body isn't read: it says nothing to us
        ):
            if answer.is_success:
                return None
            said, status = answer.headers.get("retry-after", ""), answer.status_code
            return Refusal(f"http {status}", _seconds_of(said), gone=status == httpx.codes.GONE)


def _seconds_of(said: str) -> float | None:
    """What a Retry-After header asks for: seconds, or until a date; None where it is neither."""
    if said.isascii() and said.isdigit():
        return float(said[:9])  # decades are as good as any longer wait
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
