"""The guide to trees of resources runs from top to bottom."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from tests.support.resilience import own_names
from tests.unit.docs.test_guides import blocks
from yoto import Yoto

__all__ = ["own_names"]


@pytest.fixture
def app(valkey_server: Server, tmp_path: Path) -> Iterator[Flask]:
    made = Flask("resources", instance_path=str(tmp_path))
    made.config |= {
        "REDIS_URL": valkey_server.url,
        "YOTO_REDIS_KEY_PREFIX": f"test-resources-{secrets.token_hex(4)}:",
        "DATABASE_URL": f"sqlite:///{tmp_path}/resources.db",
    }
    yield made
    if "yoto" in made.extensions:
        Yoto.close(made)


def test_its_python_runs(app: Flask, own_names: None) -> None:  # noqa: F811
    names: dict[str, Any] = {"app": app, "__name__": __name__}
    opened = None
    for body in blocks("resources.md", "python"):
        if opened is None and re.search(r"^yoto\.init_app", body, re.MULTILINE):
            names["Base"].metadata.create_all(names["db"].get_bind())
            opened = body
        exec(compile(body, "resources.md", "exec", dont_inherit=True), names)
        if body is opened:
            made = app.test_cli_runner().invoke(args=["yoto", "setup"])
            assert made.exit_code == 0, made.output
        if "def read_in_public" in body:
            _ask_over_http(app, names)
    assert opened is not None


def _ask_over_http(app: Flask, names: dict[str, Any]) -> None:
    with app.app_context():
        bob, dan, script, sketch = (
            names["db"].merge(names[name]).id for name in ("bob", "dan", "script", "sketch")
        )
        names["db"].remove()
    client = app.test_client()
    answers = [
        client.get(f"/documents/{document}", headers=headers).status_code
        for document, headers in (
            (script, {"X-Person": str(bob)}),
            (script, {"X-Person": str(dan)}),
            (script, {}),
            (uuid.uuid4(), {"X-Person": str(bob)}),
        )
    ]
    assert answers == [200, 403, 401, 404]
    public = [client.get(f"/public/{document}").status_code for document in (script, sketch)]
    assert public == [404, 200]
