"""What a request says of itself to policies."""

from __future__ import annotations

import pytest
from flask import Flask

from yoto.request.current import CurrentRequest, current_request, token_hash


def of_request(**options: object) -> CurrentRequest:
    with Flask("bare").test_request_context(**options):
        found = current_request()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("peer", "ip"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unix:", None),
        ("", None),
    ],
)
def test_addresses_are_written_in_one_way(peer: str, ip: str | None) -> None:
    assert of_request(environ_base={"REMOTE_ADDR": peer}).ip == ip


def test_the_secret_of_a_device_goes_no_further() -> None:
    found = of_request(headers={"X-Device-Token": "very secret"})
    assert found.device == token_hash("very secret")
    assert "very secret" not in repr(found)


def test_a_long_user_agent_is_cut() -> None:
    assert len(of_request(headers={"User-Agent": "x" * 9_000}).user_agent or "") == 200


def test_outside_a_request_nothing_is_known() -> None:
    assert current_request() is None
