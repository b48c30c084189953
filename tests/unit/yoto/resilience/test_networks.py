"""The text that stands for an address where callers are counted."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis.strategies import integers, ip_addresses

from yoto.resilience import network_of


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("unix:", "unix:"),
        ("", ""),
        (None, None),
    ],
)
def test_of_ipv6_the_network_and_of_ipv4_the_address(text: str | None, stands: str | None) -> None:
    assert network_of(text) == stands


@given(ip_addresses(v=6), integers(0, 2**64 - 1))
def test_all_addresses_of_one_network_are_one(address: ipaddress.IPv6Address, below: int) -> None:
    neighbour = ipaddress.IPv6Address((int(address) >> 64 << 64) | below)
    if address.ipv4_mapped is None and neighbour.ipv4_mapped is None:
        assert network_of(str(address)) == network_of(str(neighbour))


@given(ip_addresses())
def test_what_stands_for_an_address_stands_for_itself(address: object) -> None:
    assert network_of(network_of(str(address))) == network_of(str(address))
