"""Which addresses are inside, and what may be the address of a webhook."""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any

import pytest

from yoto.errors import ValidationFailed
from yoto.rooms.alerts.webhooks.addresses import (
    Unresolved,
    is_internal,
    resolve,
    shown_url,
    target_of,
)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.0.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.2.1"),
        *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
        *("2002:a00:1::1", "2001:db8::1", "64:ff9b::a9fe:a9fe"),
        *("192.0.0.192", "192.0.0.8", "192.88.99.1", "::ffff:192.0.0.192", "2002:c000:c0::1"),
        *("64:ff9b::c000:c0", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:1ff::1"),
        *("3fff::1", "5f00::1"),
    ],
)
def test_what_is_inside(address: str) -> None:
    assert is_internal(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "192.0.1.1", "2606:4700:4700::1111", "2001:200::1", "64:ff9b::808:808"],
)
def test_what_is_outside(address: str) -> None:
    assert not is_internal(ipaddress.ip_address(address))


def answering(*addresses: str) -> Any:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    return getaddrinfo


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("fe80::1%eth0",)])
def test_a_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering(*addresses))
    with pytest.raises(Unresolved, match="internal"):
        resolve("name.example", 443, False, 2.0)
    assert resolve("name.example", 443, True, 2.0) == [one.partition("%")[0] for one in addresses]


def test_a_name_that_leads_outside_gives_its_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("8.8.8.8", "1.1.1.1"))
    assert resolve("name.example", 443, False, 2.0) == ["8.8.8.8", "1.1.1.1"]


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_loopback_is_found_however_it_is_written(host: str) -> None:
    with pytest.raises(Unresolved):
        resolve(host, 443, False, 5.0)


def test_a_resolver_that_does_not_answer_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        gate.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        with pytest.raises(TimeoutError):
            resolve("name.example", 443, False, 0.05)
    finally:
        gate.set()


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(Unresolved, match="no address"):
        resolve("name.example", 443, False, 2.0)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/hook",
        "ftp://example.org/",
        "http://example.org/hook",
        "https://",
        "https:///hook",
        "https://user:secret@example.org/",
        "https://example.org/#part",
        "https://example.org:99999/",
        "https://example.org/a b",
        "https://exämple.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]:8443/",
        "https://example.org/" + "x" * 2000,
        7,
    ],
)
def test_addresses_that_are_refused(url: Any) -> None:
    with pytest.raises(ValidationFailed) as refused:
        target_of(url, allow_internal=False)
    assert set(refused.value.errors) == {"url"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org", (True, "example.org", 443, "example.org", "/")),
        ("https://example.org:443/a?b=c", (True, "example.org", 443, "example.org", "/a?b=c")),
        ("https://example.org:8443/", (True, "example.org", 8443, "example.org:8443", "/")),
        ("http://[::1]:80/x", (False, "::1", 80, "[::1]", "/x")),
        ("http://127.0.0.1:81", (False, "127.0.0.1", 81, "127.0.0.1:81", "/")),
    ],
)
def test_addresses_taken_apart(url: str, expected: tuple[Any, ...]) -> None:
    target = target_of(url, allow_internal=True)
    assert (target.tls, target.host, target.port, target.authority, target.path) == expected


def test_what_may_be_a_secret_is_not_shown() -> None:
    assert shown_url("https://hooks.example.org/services/T0/B0/XXXX") == (
        "https://hooks.example.org/..."
    )
    assert shown_url("https://example.org?token=x") == "https://example.org/..."
    assert shown_url("https://example.org:8443/") == "https://example.org:8443"
    target = target_of("https://example.org/secret", allow_internal=False)
    assert "secret" not in repr(target)
