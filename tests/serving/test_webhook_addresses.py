"""Where webhooks may go, with real names, sockets and certificates."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from receiver import receiving

from serving.webhooks.addresses import RefusedError, checked_url, is_public
from serving.webhooks.sending import Post

HERE = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def post(**more: Any) -> Callable[[str, dict[str, str], bytes], str | None]:
    """What tries once, and says why the receiver didn't take it."""
    made = Post(**{"http": True, "networks": HERE, "seconds": 10, **more})

    def reason(url: str, headers: dict[str, str], body: bytes) -> str | None:
        refusal = made(url, headers, body)
        return None if refusal is None else refusal.reason

    return reason


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_addresses_that_are_nobodys_public_ones_are_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["114.114.114.114", "8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_not(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x", "ftp://hooks.example", "file:///etc/passwd", "//hooks.example", "https://", "hooks.example",
        "https://user:word@hooks.example/", "https://hooks.example/#part", "https://[::1", "gopher://h",
    ],
)  # fmt: skip
def test_urls_that_are_no_https_address_are_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        checked_url(url, http=False)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_this_machine_is_called(host: str) -> None:
    with receiving() as receiver:
        port = receiver.url.split(":")[2]
        error = post(networks=())(f"http://{host}:{port}", {}, b"{}")
        assert error is not None and not error.startswith("http")
        assert receiver.got == []


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example"])
def test_what_no_host_can_be_called_is_refused(host: str) -> None:
    assert post()(f"https://{host}/x", {}, b"{}") == "refused: not a host name"


def test_a_name_server_that_hangs_holds_up_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def hanging(*_: Any, **__: Any) -> Any:
        answer.wait(60)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    try:
        assert post(seconds=0.2)("https://hooks.example/", {}, b"{}") == "timeout"
        assert not answer.is_set()  # it came back while the name was still looked up
    finally:
        answer.set()


def test_a_name_with_one_private_address_is_refused_whatever_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = socket.getaddrinfo

    def both(host: Any, *rest: Any, **more: Any) -> Any:
        if host != "hooks.example":
            return real(host, *rest, **more)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.215.14", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    error = post()("https://hooks.example/", {}, b"{}")
    assert error == "refused: its host has a private, local or reserved address"


def test_the_checked_address_is_called_and_the_name_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is somebody else the second time (DNS rebinding) gains nothing."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def once(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name != "hooks.example":
            return real(host, *rest, **more)
        asked.append(name)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.9", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    with receiving() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        assert post()(f"http://hooks.example:{port}/in?a=1", {}, b"{}") is None
        ((headers, _),) = receiver.got
    assert len(asked) == 1 and headers["host"] == f"hooks.example:{port}"


def test_an_address_that_nobody_answers_at_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def both(host: Any, *rest: Any, **more: Any) -> Any:
        if host != "hooks.example":
            return real(host, *rest, **more)
        return [found for one in ("::1", "127.0.0.1") for found in real(one, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with receiving() as receiver:
        port = receiver.url.split(":")[2]
        assert post()(f"http://hooks.example:{port}", {}, b"{}") is None
        assert len(receiver.got) == 1


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver, receiving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert post()(receiver.url, {}, b"{}") is None
        assert len(receiver.got) == 1 and proxy.got == []


def test_redirects_are_not_followed() -> None:
    with receiving() as elsewhere, receiving() as receiver:
        receiver.statuses, receiver.location = [307], elsewhere.url
        assert post()(receiver.url, {}, b"{}") == "http 307"
        assert elsewhere.got == []


def test_a_receiver_that_drips_is_left_when_the_time_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        # It takes the connection and never answers.
        assert post(seconds=0.3)(f"http://127.0.0.1:{port}/", {}, b"{}") == "timeout"
    assert str(post()(f"http://127.0.0.1:{port}/", {}, b"{}")).startswith("no answer")


def test_certificates_must_be_of_the_name_and_of_a_trusted_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, other = certificate(tmp_path, "localhost"), certificate(tmp_path, "hooks.example")
    for made, error in ((good, None), (other, "certificate")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made)
        with receiving(context) as receiver:
            monkeypatch.delenv("SSL_CERT_FILE", raising=False)
            assert post(http=False)(receiver.url, {}, b"{}") == "certificate"
            assert receiver.got == []
            monkeypatch.setenv("SSL_CERT_FILE", str(made))
            assert post(http=False)(receiver.url, {}, b"{}") == error
            assert len(receiver.got) == (error is None)


def certificate(folder: Path, name: str) -> Path:
    """A certificate that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file
