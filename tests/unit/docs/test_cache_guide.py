"""The examples of the guides to the cache and the lock run as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import app.extensions  # noqa: F401  its decorators name scopes that the application here has not
from tests.support.redis_servers import Server
from yoto.cache import HybridPermissionCache, Position
from yoto.optimization import AdvancedOptimization
from yoto.redis import RedisStore

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def blocks(name: str) -> list[str]:
    return BLOCK.findall((DOCS / name).read_text(encoding="utf-8"))


@pytest.fixture
def application(valkey_server: Server) -> Iterator[Flask]:
    with valkey_server.client() as client:
        client.flushall()
    application = Flask(__name__)
    application.config["REDIS_URL"] = valkey_server.url
    for extension in (RedisStore(), AdvancedOptimization(), HybridPermissionCache()):
        extension.init_app(application)
    yield application
    HybridPermissionCache.of(application).close()
    AdvancedOptimization.of(application).locks.close()
    RedisStore.of(application).close()


def test_the_example_about_the_cache(application: Flask) -> None:
    (example,) = blocks("consistency.md")
    names: dict[str, Any] = {"cache": HybridPermissionCache()}
    tiers = []
    with application.app_context():
        HybridPermissionCache.of(application).start(30)
        for line in re.split(r"(?<=\n)(?=entry)", example):
            exec(compile(line, "consistency.md", "exec"), names)
            tiers.append(names.get("tier"))
    assert tiers[1:] == re.findall(r'"(db|l1|l2)"', example) == ["db", "l1", "db"]
    assert isinstance(names["position"], Position)
    assert names["entry"].mask == 0b101


def test_the_example_about_the_lock(application: Flask) -> None:
    written: list[int] = []
    with application.app_context():
        for example in blocks("lock.md"):
            names: dict[str, Any] = {
                "optimization": AdvancedOptimization(),
                "write_report": written.append,
            }
            exec(compile(example, "lock.md", "exec"), names)
            if "nightly" in names:
                assert names["nightly"]() == "written" and names["settle"](4) == "settled 4"
    assert len(written) == 4 and min(written) > 0
