"""Entries that somebody else wrote into Redis: they are not signed, and break nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask

from tests.support.applications import another_app
from tests.support.operators import ControlClient, control_client
from tests.support.world import World

API = "/api/v1"
NOISE = b"\xff\x00{not json"
Forge = Callable[[Any, bytes, bytes], object]


def _same_type(store: Any, key: bytes, kind: bytes) -> None:
    """Noise in the place of each value, in an entry of the kind that we wrote."""
    if kind == b"string":
        store.set(key, NOISE, keepttl=True)
    elif kind == b"hash":
        store.hset(key, mapping=dict.fromkeys(store.hkeys(key), NOISE))
    elif kind == b"list":
        for index in range(store.llen(key)):
            store.lset(key, index, NOISE)
    elif kind == b"set":
        store.sadd(key, NOISE)
    elif kind == b"zset":
        store.zadd(key, {NOISE: 1e300, b"": -1})
    else:
        store.xadd(key, {b"odd": NOISE})


def _replaced(value: bytes) -> Forge:
    def forge(store: Any, key: bytes, kind: bytes) -> None:
        store.set(key, value)

    return forge


def _listed(store: Any, key: bytes, kind: bytes) -> None:
    store.delete(key)
    store.rpush(key, NOISE)


def _hashed(store: Any, key: bytes, kind: bytes) -> None:
    store.delete(key)
    store.hset(key, mapping={b"version": NOISE, b"": b"-1", b"state": b"?"})


FORGERIES: Mapping[str, Forge] = {
    "noise of the same kind": _same_type,
    "a text": _replaced(NOISE),
    "nothing": _replaced(b""),
    "JSON of another shape": _replaced(b'[{"version": "x", "a": [null]}, 1e999]'),
    "a number": _replaced(b"-9223372036854775808"),
    "a list": _listed,
    "a hash": _hashed,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_forged_entries_break_no_request_and_allow_nothing(
    app: Flask, app_config: dict[str, Any], world: World, tmp_path: Path, forge: Forge
) -> None:
    asked = Asked(world)
    control = control_client(app, world)
    assert asked.by(app, control) == {}
    store = redis.Redis.from_url(app_config["REDIS_URL"])
    keys = list(store.scan_iter(app_config["REDIS_KEY_PREFIX"] + "*"))
    assert len(keys) > 10
    for key in keys:
        kind = store.type(key)
        if kind != b"none":
            forge(store, key, kind)
    store.close()
    # A worker that has read none of it yet, and one that remembers what was there.
    with another_app(app_config, tmp_path / "newborn") as newborn:
        assert asked.by(newborn, ControlClient(newborn.test_client(), control.credentials)) == {}
    assert asked.by(app, control) == {}


class Asked:
    """Questions of members and operators to a worker."""

    def __init__(self, world: World) -> None:
        self.here = world.server(public=False)
        self.outsider, self.member = world.user(), world.member(self.here)

    def by(self, app: Flask, control: ControlClient) -> dict[str, Any]:
        """All that fails by an error of ours, and each check that is answered wrongly."""
        client, wrong = app.test_client(), {}
        channel = self.here.channel_id
        question = {"permission": "message.send", "scope": "channel", "scope_id": channel}
        for who, allowed in ((self.member, True), (self.outsider, False)):
            answer = client.post(f"{API}/permissions/check", json=question, headers=who.headers)
            # Closed for a time is right, open never is.
            if answer.status_code == 500 or answer.get_json().get("allowed", allowed) not in (
                allowed,
                False,
            ):
                wrong[f"check of {who.username}"] = answer.text
        said = {"content": "hello"}
        path = f"{API}/channels/{channel}/messages"
        for answer in (
            client.post(path, json=said, headers=self.member.headers),
            client.get(path, headers=self.member.headers),
            client.get("/readyz"),
            client.get("/metrics"),
            control.put("/degradation/search", level="normal"),
        ):
            if answer.status_code == 500:
                wrong[answer.request.path] = answer.text
        for rule in app.url_map.iter_rules():
            if rule.arguments or "GET" not in (rule.methods or ()):
                continue
            if rule.rule.startswith("/control/api/"):
                answer = control.get(rule.rule.removeprefix("/control/api"))
                if answer.status_code == 500:
                    wrong[rule.rule] = answer.text
        return wrong
