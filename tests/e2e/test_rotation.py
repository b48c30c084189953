"""Two processes of one installation in the middle of a change of the key: nobody is signed out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.people import call
from tests.support.process import RunningYoto
from tests.support.redis_servers import Server
from tests.support.require import LONG

OLD, NEW = "the old key of this test", "the new key of this test"


@pytest.fixture
def nodes(valkey_server: Server, tmp_path: Path) -> Iterator[list[RunningYoto]]:
    """One that still signs with the old key, and one that signs with the new one already."""
    shared = {
        "YOTO_REDIS_URL": valkey_server.url,
        "YOTO_REDIS_KEY_PREFIX": f"test-rotation-{secrets.token_hex(4)}:",
        "YOTO_DATABASE_URL": f"sqlite:///{tmp_path / 'shared.db'}",
        "YOTO_METRICS_TOKEN": "the-old-token-of-metrics",
        "YOTO_METRICS_TOKEN_FALLBACK": "the-new-token-of-metrics",
    }
    with ExitStack() as stack:
        running = []
        for name, key, fallback in (("old", OLD, NEW), ("new", NEW, OLD)):
            keys = {"YOTO_SECRET_KEY": key, "YOTO_SECRET_KEY_FALLBACK": fallback}
            node = RunningYoto(tmp_path / name, **shared, **keys)
            stack.callback(node.stop)
            assert node.url
            running.append(node)
        yield running


@LONG
def test_each_takes_what_the_other_signed(nodes: list[RunningYoto]) -> None:
    password = nodes[0].accounts["mara"]
    for made, other in (nodes, nodes[::-1]):
        credentials = {"username": "mara", "password": password}
        status, pair = call(made, "POST", "auth/login", credentials)
        assert status == 200
        assert call(other, "GET", "auth/me", token=pair["access_token"])[0] == 200
        status, again = call(other, "POST", "auth/refresh", token=pair["refresh_token"])
        assert status == 200
        assert call(made, "GET", "auth/me", token=again["access_token"])[0] == 200
        assert call(made, "POST", "auth/refresh", token=again["refresh_token"])[0] == 200
    for node in nodes:
        assert not [key for key in (OLD, NEW, "token-of-metrics") if key in node.output]
