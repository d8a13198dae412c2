"""Where webhooks may go: a URL that could make the service call into its own network is refused."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_RESOLVING: Final = ThreadPoolExecutor(8, thread_name_prefix="resolve")
"""Not the event loop's own, which its end would wait for: a name server that hangs holds up no try."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedError(ValueError):
    """A URL or an address that may not be called; the message names the reason and no address."""


def checked_url(text: str, *, http: bool) -> httpx.URL:
    """The URL, if it is one that webhooks may have.

    Parameters
    ----------
    http
        Whether plain http is allowed.

    Raises
    ------
    RefusedError
        If it isn't.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise RefusedError("not a URL") from error
    if url.scheme not in ({"https", "http"} if http else {"https"}):
        raise RefusedError(
            "http and https only" if http else "https only, unless ANLAN_WEBHOOK_HTTP allows http"
        )
    if not url.host:
        raise RefusedError("names no host")
    if url.userinfo or url.fragment:
        raise RefusedError("no user, password or fragment in a webhook's URL")
    return url


async def resolved(url: httpx.URL, allowed: Sequence[Network]) -> list[Address]:
    """The addresses of the host, in the order to try them, if each of them may be called.

    Raises
    ------
    RefusedError
        If one may not.
    OSError
        If the name can't be resolved.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        host = url.raw_host.decode("ascii")
        found = await asyncio.get_running_loop().run_in_executor(
            _RESOLVING, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        )
    except UnicodeError as error:  # an empty label, or one that is too long
        raise RefusedError("not a host name") from error
    addresses = list(dict.fromkeys(ipaddress.ip_address(str(where[4][0])) for where in found))
    # All of them, or a name with a good and a bad address would pass by luck.
    for address in addresses:
        if not is_public(address) and not any(address in network for network in allowed):
            raise RefusedError("its host has a private, local or reserved address")
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address, and the IPv4 address within it, belongs to the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast
