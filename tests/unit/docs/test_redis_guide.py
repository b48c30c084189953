"""The guide to Redis: the blocks that say "run by" this file run, from top to bottom."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import yoto
from tests.support.markdown import ROOT, blocks
from tests.support.redis_servers import Server
from yoto.redis import RedisStore

SHOWN = [one for one in blocks(ROOT / "docs" / "redis.md") if one.comment.startswith("run by ")]
FROM_APP = "from yoto.extensions import redis_store\n"


@pytest.fixture
def store(valkey_server: Server, tmp_path: Path) -> Iterator[RedisStore]:
    application = Flask("guide", instance_path=str(tmp_path / "instance"))
    application.config |= {"REDIS_URL": valkey_server.url, "REDIS_KEY_PREFIX": "test-redis-guide:"}
    store = RedisStore()
    store.init_app(application)
    with application.app_context():
        yield store


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder that the guide loads its script from."""
    folder = tmp_path / "example" / "lua"
    folder.mkdir(parents=True)
    for one in (folder.parent, folder):
        (one / "__init__.py").touch()
    (lua,) = [one.text for one in SHOWN if one.language == "lua"]
    (folder / "take.lua").write_text(lua)
    (folder / "clock.lua").write_text("local now = redis.call('TIME')\n")
    monkeypatch.setattr(yoto, "__path__", [*yoto.__path__, str(tmp_path)])
    yield
    for name in ("yoto.example.lua", "yoto.example"):
        sys.modules.pop(name, None)


def test_the_examples_run(store: RedisStore, package: None) -> None:
    names: dict[str, Any] = {"redis_store": store}
    inside, outside, script = [one.text for one in SHOWN if one.language == "python"]
    assert FROM_APP in inside
    exec(compile(inside.replace(FROM_APP, ""), "redis.md", "exec"), names)
    assert store.current.client.get(store.current.keys.lock("report")) == b"me"
    # Nothing connects before it is used; there is no server where this one would look.
    exec(compile(outside, "redis.md", "exec"), {})
    names |= {"key": "{bucket}:1", "keys": ["{bucket}:2", "{bucket}:1"]}
    exec(compile(script, "redis.md", "exec"), names)
    assert (names["left"], names["replies"]) == (9, [9, 8])
