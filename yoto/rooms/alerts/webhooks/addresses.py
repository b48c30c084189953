"""Allowed addresses of webhooks, the part of them that may be shown, and internal addresses."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from yoto.errors import ValidationFailed

LONGEST_URL = 2_000
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[a-zA-Z0-9._:-]+")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """An address taken apart.

    Attributes:
        tls: whether it is https.
        host: a name or an address, without brackets.
        port: the given one, else the scheme's.
        authority: the ``Host`` header.
        path: path and query; often with a secret.
    """

    tls: bool
    host: str
    port: int
    authority: str
    path: str = field(repr=False)


def target_of(url: str, allow_internal: bool) -> WebhookTarget:
    """Take an address apart.

    Args:
        allow_internal: whether it may be without TLS, and an internal address.

    Raises:
        ValidationFailed: the text cannot be the address of a webhook.
    """
    split, port = _split(url)
    host = split.hostname or ""
    if not _HOST.fullmatch(host):
        raise _refused("must name a host")
    if split.scheme not in _PORTS:
        raise _refused("must begin with https://")
    if split.scheme == "http" and not allow_internal:
        raise _refused("must begin with https:// unless ALERT_WEBHOOK_ALLOW_INTERNAL is on")
    if "@" in split.netloc or split.fragment:
        raise _refused("must have no user, password or fragment")
    if _is_internal_literal(host) and not allow_internal:
        raise _refused("must not be an internal address unless ALERT_WEBHOOK_ALLOW_INTERNAL is on")
    shown = f"[{host}]" if ":" in host else host
    usual = port in (None, _PORTS[split.scheme])
    return WebhookTarget(
        tls=split.scheme == "https",
        host=host,
        port=port or _PORTS[split.scheme],
        authority=shown if usual else f"{shown}:{port}",
        path=(split.path or "/") + (f"?{split.query}" if split.query else ""),
    )


def shown_url(url: str) -> str:
    """The part that may be shown: scheme and host. The rest is a secret at many services."""
    split = urlsplit(url)
    rest = "/..." if split.path.strip("/") or split.query else ""
    return f"{split.scheme}://{split.netloc.rpartition('@')[2]}{rest}"


def _split(url: str) -> tuple[SplitResult, int | None]:
    if not isinstance(url, str) or len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url):
        raise _refused(f"must be at most {LONGEST_URL} printable ASCII characters without spaces")
    try:
        split = urlsplit(url)
        return split, split.port
    except ValueError as error:
        raise _refused(f"cannot be read: {error}") from None


def _is_internal_literal(host: str) -> bool:
    try:
        return is_internal(ipaddress.ip_address(host))
    except ValueError:
        return False


def _refused(why: str) -> ValidationFailed:
    return ValidationFailed({"url": why})


Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# Public addresses at which clouds serve secrets to their machines (Azure's, from inside only).
METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
# Special addresses in IANA's registries (iana.org/assignments/iana-ipv4-special-registry and
# iana-ipv6-special-registry) that no webhook has, but that Python allows, or allowed before 3.11.9:
# assignments of the IETF (Oracle's metadata at 192.0.0.192, Teredo), relays of 6to4, translation
# within a network, discarded, documentation, segment routing.
SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "3fff::/20",
        "5f00::/16",
    )
)
# Its addresses lead to the IPv4 address in their last 32 bits (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Unresolved(Exception):
    """A name has no address, or none that is allowed."""


class LeadsInside(Unresolved):
    """A name leads to an internal address."""


def is_internal(address: Address) -> bool:
    """Whether an address is not public: loopback, private, link-local, shared, reserved, multicast,
    or a cloud's metadata service; also behind an IPv6 address that leads to it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_internal(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped is not None:
            return is_internal(address.ipv4_mapped)
        if address.is_site_local or (address.sixtofour and is_internal(address.sixtofour)):
            return True
    if any(address in network for network in SPECIAL):
        return True
    return (
        not address.is_global or address.is_multicast or address.is_reserved or address in METADATA
    )


def resolve(host: str, port: int, allow_internal: bool, seconds: float) -> list[str]:
    """The addresses of ``host``, all of them allowed, best first.

    Args:
        seconds: time-out for the reply; the system's resolver has none.

    Raises:
        LeadsInside: one of them is internal, and that is not allowed.
        Unresolved: it has none.
        TimeoutError: no reply in time.
    """
    found = _look_up(host, port, seconds)
    if not found:
        raise Unresolved("the host name has no address")
    if not allow_internal and any(is_internal(ipaddress.ip_address(one)) for one in found):
        # One is enough: a name that leads both inside and outside is an attack, no mistake.
        raise LeadsInside("the name of the host leads to an internal address")
    return found


def _look_up(host: str, port: int, seconds: float) -> list[str]:
    found: list[str] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:
            # Resolvers of event loops raise errors of their own.
            failed.append(error)
            return
        # A zone ("%eth0") names an interface of this machine.
        found.extend(str(sockaddr[0]).partition("%")[0] for *_, sockaddr in answers)

    thread = threading.Thread(target=ask, name="yoto-alert-resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError("the name of the host was not resolved in time")
    if failed:
        raise Unresolved("the host name has no address") from failed[0]
    return found
