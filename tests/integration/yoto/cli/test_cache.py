"""``flask cache`` and ``flask permission invalidate``."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.extensions import cache, optimization, permissions
from tests.support import papers
from tests.support.papers import READ
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.cache import place_key
from yoto.errors import StoreUnavailable
from yoto.http import acts
from yoto.permission import Application
from yoto.rooms.warm_up.extension import EXTENSION, warming_of
from yoto.rooms.warm_up.warming import WarmUp

WHY = ("--reason", "a repair")


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


def listen(app: Flask) -> list[str]:
    """A list that every subject is put in from now on."""
    heard: list[str] = []
    cache.of(app).start(30)
    cache.of(app).tailer.subscribe(lambda subjects, position: heard.extend(subjects))
    return heard


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
        (("cache", "invalidate", "team", "5"), "team:5"),
        (("cache", "invalidate", "application", "3"), f"user:{Application(3).number}"),
        (("cache", "invalidate", "category", "4"), "category:4"),
        (("cache", "invalidate", "all"), "global"),
        (("permission", "invalidate", "42"), "user:42"),
        (("permission", "invalidate", "--role", "9"), "role:9"),
        (("permission", "invalidate", "--all"), "global"),
    ],
)
def test_every_worker_is_told_to_forget(
    app: Flask, arguments: tuple[str, ...], subject: str
) -> None:
    heard = listen(app)
    output = run(app, *arguments, *WHY)
    position = output.rsplit("position ", 1)[1].split()[0].rstrip(".")
    assert cache.of(app).reached(position)
    # The listeners are told right after a position counts as reached.
    wait_until(lambda: subject in heard)


def test_what_is_below_a_workspace_is_forgotten_with_it(app: Flask, world: World) -> None:
    with papers.declared(app) as made:
        owner = world.user("owner")
        workspace = made.workspace(owner)
        document = made.document(workspace)

        def tier() -> str:
            with app.app_context():
                return str(permissions.decide(owner.id, READ, "document", document).tier)

        for kind, id_ in (("document", document), ("workspace", workspace)):
            wait_until(lambda: tier() == "l1")
            assert f"{kind}:{id_.hex}" in run(app, "cache", "invalidate", kind, str(id_), *WHY)
            assert tier() == "db", kind
        assert "UUID" in run(
            app, "cache", "invalidate", "document", str(document), "7", *WHY, code=2
        )
        # A wrong name stops all of it.
        assert len(world.acts("cache.invalidate")) == 2
        queued = ("cache", "invalidate", "workspace", str(workspace), "--queued")
        assert "1 queued" in run(app, *queued, "--reason", "import")
        about = ("--queued", "--reason", "import", "--home", f"workspace:{workspace}")
        assert "1 queued" in run(app, "cache", "invalidate", "document", str(document), *about)
        shown = json.loads(run(app, "cache", "queue"))["analysis"]["figures"]
        assert shown["coverings"] == {f"workspace:{workspace.hex}": 1}


def test_a_user_is_found_by_name(app: Flask, person: Person) -> None:
    assert "position" in run(app, "permission", "invalidate", person.username, *WHY)


@pytest.mark.parametrize(
    "arguments",
    [
        ("cache", "invalidate", "user"),
        ("cache", "invalidate", "all", "3"),
        ("cache", "invalidate", "user", "0"),
        ("cache", "invalidate", "galaxy", "1"),
        ("cache", "invalidate", "channel", "1", "second"),
        ("cache", "invalidate", "team", "painters"),
        ("cache", "invalidate", "user", "1", "--server", "7"),
        ("cache", "invalidate", "user", "1", "--home", "server:7"),
        *(
            ("cache", "invalidate", "user", "1", "--queued", "--home", *home)
            for home in (
                *(("server",), ("galaxy:1",), ("server:x",), ("channel:1",)),
                ("server:7", "--server", "7"),
            )
        ),
        ("cache", "strategy", "brutal"),
        ("permission", "invalidate"),
        ("permission", "invalidate", "42", "--all"),
        ("permission", "invalidate", "0"),
    ],
)
def test_a_wrong_call_is_refused(app: Flask, arguments: tuple[str, ...]) -> None:
    assert "--reason" not in run(app, *arguments, *WHY, code=2).rpartition("Error")[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("cache", "invalidate", "user", "1"),
        ("cache", "invalidate", "user", "1", "--queued"),
        ("cache", "forget-hot", "1"),
        ("cache", "refresh"),
        ("cache", "warm"),
        ("permission", "invalidate", "1"),
    ],
)
def test_an_act_has_a_reason(app: Flask, arguments: tuple[str, ...]) -> None:
    assert "Missing option '--reason'" in run(app, *arguments, code=2)


@pytest.mark.parametrize(
    ("arguments", "action", "subject"),
    [
        (("cache", "forget-hot", "42"), "cache.forget_hot", "user:42"),
        (("cache", "refresh"), "cache.refresh", "global"),
        (("cache", "warm"), "cache.warm_up", "cli"),
        (("permission", "invalidate", "42"), "cache.invalidate", "user:42"),
    ],
)
def test_what_cannot_be_recorded_is_not_done(
    app: Flask,
    world: World,
    hot_person: Person,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    action: str,
    subject: str,
) -> None:
    arguments = tuple(str(hot_person.id) if one == "42" else one for one in arguments)
    subject = subject.replace("42", str(hot_person.id))
    heard, hot = listen(app), optimization.of(app).hot
    with monkeypatch.context() as broken:
        broken.setattr(acts, "record_audit", full_disk)
        output = run(app, *arguments, *WHY, code=1)
    assert "the disk is full" in output
    assert "cache_warmup" not in output and "position" not in output
    assert len(hot.pairs(10)) == 2 and world.acts(action) == []
    run(app, *arguments, *WHY)
    if action in ("cache.refresh", "cache.invalidate"):
        wait_until(lambda: subject in heard)
    (act,) = world.acts(action)
    assert (act.subject, act.reason, act.actor_id) == (subject, WHY[1], None)
    assert act.after["via"].startswith("cli:")


def full_disk(*arguments: Any, **more: Any) -> None:
    raise OperationalError("INSERT", {}, Exception("the disk is full"))


def test_what_processes_remember_is_forgotten_alone(app: Flask) -> None:
    output = run(app, "cache", "invalidate", "user", "42", "--memory", *WHY)
    assert "memory:user:42" in output


def test_what_is_done_at_the_terminal_is_in_the_audit_log(app: Flask, world: World) -> None:
    run(app, "cache", "invalidate", "user", "41", "42", "--reason", "a repair")
    run(app, "cache", "strategy", "aggressive", "--reason", "flood")
    done = world.acts("cache.invalidate")
    assert [(act.subject, act.reason) for act in done] == [
        ("user:41", "a repair"),
        ("user:42", "a repair"),
    ]
    assert {act.actor_id for act in done} == {None}
    assert all(act.after["via"].startswith("cli:") for act in done)
    (act,) = world.acts("queue.strategy")
    assert (act.before, act.after["strategy"]) == ({"strategy": "normal"}, "aggressive")


def test_the_queue_takes_what_is_not_urgent_and_shows_it(app: Flask) -> None:
    arguments = ("cache", "invalidate", "user", "41", "42", "--queued", "--reason", "import")
    assert "2 queued, 0 waited already" in run(app, *arguments, "--server", "7")
    assert "0 queued, 2 waited already" in run(app, *arguments, "--server", "7")
    shown = json.loads(run(app, "cache", "queue"))
    assert (shown["stats"]["waiting"], shown["stats"]["totals"]["submitted"]) == (2, 4)
    assert shown["analysis"]["health"] == "excellent"
    assert shown["analysis"]["figures"]["coverings"] == {"server:7": 2}
    assert shown["analysis"]["figures"]["reasons"] == {"import": 4}
    with app.app_context():
        assert optimization.invalidation_stats().waiting == 2
        assert optimization.invalidation_analysis().strategy == "conservative"


def test_a_reason_that_is_none_is_refused_and_nothing_is_queued(app: Flask) -> None:
    arguments = ("cache", "invalidate", "user", "1", "--queued", "--reason", "Because, I say")
    assert "reason" in run(app, *arguments, code=1)
    assert json.loads(run(app, "cache", "queue"))["stats"]["waiting"] == 0


def test_an_operator_chooses_the_strategy_for_a_while(app: Flask) -> None:
    run(app, "cache", "strategy", "aggressive", "--seconds", "60", "--reason", "flood")
    stats = json.loads(run(app, "cache", "queue"))["stats"]
    assert (stats["strategy"], stats["forced"]["reason"]) == ("aggressive", "flood")
    run(app, "cache", "strategy", "normal", "--reason", "over")
    assert json.loads(run(app, "cache", "queue"))["stats"]["forced"] is None
    refused = ("cache", "strategy", "auto", "--seconds", "0", "--reason", "flood")
    assert "seconds" in run(app, *refused, code=2)


@pytest.fixture
def hot_person(app: Flask, community: Community, person: Person) -> Person:
    """Somebody who asked three times in a channel and once in its server."""
    hot = optimization.of(app).hot
    hot.know_roles(lambda user_id, place: {community.everyone_id})
    for _ in range(3):
        hot.note(person.id, place_key("channel", community.channel_id))
    hot.note(person.id, place_key("server", community.id))
    hot.flush()
    return person


def test_what_is_hot_is_shown(app: Flask, community: Community, hot_person: Person) -> None:
    shown = json.loads(run(app, "cache", "hot", "--json"))
    first, second = shown["pairs"]
    assert (first["user_id"], first["place"]) == (hot_person.id, f"channel:{community.channel_id}")
    assert second["place"] == f"server:{community.id}"
    assert first["requests"] == pytest.approx(3, abs=0.01)
    assert [role["role_id"] for role in shown["roles"]] == [community.everyone_id]
    lines = run(app, "cache", "hot", "--limit", "1").splitlines()
    assert [line.split() for line in lines] == [
        ["user", str(hot_person.id), f"channel:{community.channel_id}", "3.0"],
        ["role", str(community.everyone_id), "4.0"],
    ]


def test_with_nothing_hot_the_command_says_so(app: Flask) -> None:
    assert run(app, "cache", "hot") == "No recent requests.\n"


def test_somebody_can_be_forgotten(app: Flask, hot_person: Person) -> None:
    assert f"Forgot user {hot_person.id} in 2 places." in run(
        app, "cache", "forget-hot", str(hot_person.id), *WHY
    )
    assert json.loads(run(app, "cache", "hot", "--json"))["pairs"] == []


def test_warming_reports_every_step(app: Flask, hot_person: Person) -> None:
    shown = json.loads(run(app, "cache", "warm", "--json", *WHY))
    assert shown["success"] and shown["errors"] == []
    assert shown["cache_warmup"]["details"]["loaded"] == 2
    assert shown["ml_warmup"]["details"]["elected"]
    text = run(app, "cache", "warm", *WHY)
    for line in ("cache_warmup   ok", "ml_warmup      ok", "redis: ok, answers"):
        assert line in text
    assert "total          ok" in text


def test_a_refresh_forgets_everything_and_then_warms_up(app: Flask, hot_person: Person) -> None:
    heard = listen(app)
    text = run(app, "cache", "refresh", *WHY)
    wait_until(lambda: "global" in heard)
    assert "cache_warmup   ok" in text and "    loaded: 2" in text


def test_warming_fails_with_the_step_that_failed(
    app: Flask, hot_person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> dict[str, Any]:
        raise StoreUnavailable("redis")

    warming = warming_of(app)
    parts = replace(warming.steps._parts, more={"ml_warmup": fail})
    failing = replace(warming, steps=WarmUp(app, warming.preloading, parts))
    monkeypatch.setitem(app.extensions, EXTENSION, failing)
    shown = json.loads(run(app, "cache", "warm", "--json", *WHY, code=1))
    assert shown["cache_warmup"]["success"] and shown["system_warmup"]["success"]
    assert [error.split(":")[0] for error in shown["errors"]] == ["ml_warmup"]
    assert "ml_warmup      failed" in run(app, "cache", "warm", *WHY, code=1)
