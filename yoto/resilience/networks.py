"""The network of an address, for counting callers."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

# Bits. The IPv6 network of one customer of a provider, who has 2**64 addresses in it.
IPV6_PREFIX = 64
# Bits. The IPv6 network of one site (RFC 6177).
SITE_PREFIX = 48
# Texts. Each is tens of bytes, and is made again in microseconds.
REMEMBERED = 4096


@lru_cache(maxsize=REMEMBERED)
def network_of(text: str | None) -> str | None:
    """The key for an address: itself, or for IPv6 the network of its owner."""
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return text  # a Unix socket, or whatever else a server calls its peer
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), IPV6_PREFIX), strict=False).network_address)


@lru_cache(maxsize=REMEMBERED)
def site_of(network: str) -> str | None:
    """The site of a network of IPv6; None for IPv4, where an address belongs to one customer.

    Args:
        network: a result of ``network_of``.
    """
    try:
        found = ipaddress.IPv6Address(network)
    except ValueError:
        return None
    return str(ipaddress.ip_network((int(found), SITE_PREFIX), strict=False).network_address)
