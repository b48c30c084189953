"""``flask cache`` and ``flask permission invalidate``."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from app.extensions import cache
from tests.support.redis_servers import wait_until
from tests.support.world import Community, Person, World


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def person(world: World, community: Community) -> Person:
    return world.member(community)


def run(app: Flask, *arguments: str, code: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def test_stats_are_json(app: Flask) -> None:
    shown = json.loads(run(app, "cache", "stats"))
    assert shown["fresh"] is True
    assert shown["settings"]["max_staleness"] == app.config["MAX_STALENESS"]


@pytest.mark.parametrize(
    ("arguments", "subject"),
    [
        (("cache", "invalidate", "user", "42"), "user:42"),
        (("cache", "invalidate", "role", "9"), "role:9"),
        (("cache", "invalidate", "server", "7"), "server:7"),
        (("cache", "invalidate", "channel", "3"), "channel:3"),
        (("cache", "invalidate", "all"), "global"),
        (("permission", "invalidate", "42"), "user:42"),
        (("permission", "invalidate", "--role", "9"), "role:9"),
        (("permission", "invalidate", "--all"), "global"),
    ],
)
def test_every_worker_is_told_to_forget(
    app: Flask, arguments: tuple[str, ...], subject: str
) -> None:
    heard: list[str] = []
    tailer = cache.of(app).tailer
    cache.of(app).start(30)
    tailer.subscribe(lambda subjects, position: heard.extend(subjects))
    output = run(app, *arguments)
    position = output.rsplit("position ", 1)[1].split()[0].rstrip(".")
    assert cache.of(app).reached(position)
    # The listeners are told right after a position counts as reached.
    wait_until(lambda: subject in heard)


def test_a_user_is_found_by_name(app: Flask, person: Person) -> None:
    assert "position" in run(app, "permission", "invalidate", person.username)


@pytest.mark.parametrize(
    "arguments",
    [
        ("cache", "invalidate", "user"),
        ("cache", "invalidate", "all", "3"),
        ("cache", "invalidate", "user", "0"),
        ("cache", "invalidate", "galaxy", "1"),
        ("permission", "invalidate"),
        ("permission", "invalidate", "42", "--all"),
    ],
)
def test_a_wrong_call_is_refused(app: Flask, arguments: tuple[str, ...]) -> None:
    run(app, *arguments, code=2)
