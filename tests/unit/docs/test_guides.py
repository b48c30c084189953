"""The examples of the guides to events and configuration run as they are written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import app.blueprints.messages.views  # noqa: F401  (declares what the guide names)
import yoto.events as events_package
import yoto.resilience as resilience_package
from tests.support.redis_servers import Server
from tests.support.resilience import controller_of, guarded_app
from yoto.cli.resilience import resilience as command_group
from yoto.events import Events
from yoto.resilience import Resilience

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"```(python|console|text|yaml)\n(.*?)```", re.DOTALL)
# The application of these tests has its own extension objects.
EXTENSIONS = re.compile(r"^from (?:app|yoto)\.extensions import .*$", re.MULTILINE)


def blocks(name: str, language: str) -> list[str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return [body for found, body in BLOCK.findall(text) if found == language]


@pytest.fixture
def application(valkey_server: Server) -> Iterator[Flask]:
    with valkey_server.client() as client:
        client.flushall()
    with guarded_app({"REDIS_URL": valkey_server.url}) as application:
        application.cli.add_command(command_group)
        yield application


def run(name: str, **given: Any) -> dict[str, Any]:
    """Execute the Python of a guide from top to bottom; the names that it ends with."""
    names: dict[str, Any] = {**vars(events_package), **vars(resilience_package), **given}
    for body in blocks(name, "python"):
        exec(compile(EXTENSIONS.sub("", body), name, "exec"), names)
    return names


def test_the_examples_about_events(application: Flask) -> None:
    with application.app_context():
        names = run("events.md", events=Events(), reload_everything=lambda: None)
    assert "cache.flushed" in events_package.registered_types()
    assert names["CacheFlushed"](entries=3).type == "cache.flushed"
    stored = Events.of(application).stream.read()
    assert [one.event for one in stored] == [events_package.StoreLost(store="opa")]


def test_the_examples_about_configuration(application: Flask) -> None:
    with application.app_context():
        names = run(
            "configuration-store.md",
            resilience=Resilience(),
            popular_for_everybody=lambda user_id: ["popular"],
        )
        assert names["receipt"].entry.version == 1 and names["receipt"].live
        assert names["recommendations"](7) is None
        names["resilience"].degradation.raise_level("alert:error_rate", "medium", ttl=60)
        # The last good value of user 7 is None; user 8 has none.
        assert names["recommendations"](7) is None
        assert names["recommendations"](8) == ["popular"]


def test_the_examples_at_the_terminal(application: Flask) -> None:
    runner = application.test_cli_runner()
    (text,) = blocks("configuration-store.md", "console")
    output = ""
    for line in text.splitlines():
        if not line.startswith("$ flask "):
            assert line in output, line
            continue
        result = runner.invoke(args=shlex.split(line.removeprefix("$ flask ")))
        assert result.exit_code == 0, result.output
        output = result.output
    controller = controller_of(application)
    assert controller.get_rate_limit_config("message.send").limit == 5
    assert controller.get_circuit_breaker_state("message.search").state == "isolated"
