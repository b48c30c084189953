"""Failed sign-ins of operators are audited, and no more of them than anybody would read."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.blueprints.auth import accounts
from tests.integration.yoto.control_plane.conftest import Browser
from tests.support.operators import VIEW, operator_named
from tests.support.statements import count_statements
from tests.support.world import Person, World
from yoto.auth import failed_sign_ins as failures
from yoto.auth.failed_sign_ins import OncePerInterval, failures_of

LOGIN = "/api/v1/auth/login"


def fail(client: FlaskClient, username: str) -> int:
    return client.post(LOGIN, json={"username": username, "password": "a wrong one"}).status_code


def test_failures_of_operators_are_audited_once_in_a_while_and_others_never(
    app: Flask, client: FlaskClient, ada: Person, world: World, stored_hash: str
) -> None:
    olga = operator_named(world, "olga", VIEW, password_hash=stored_hash)
    root = world.user("root", super_admin=True, password_hash=stored_hash)
    assert Browser(app.test_client()).sign_in("OLGA", "a wrong one").status_code == 422
    for name in ("ada", "olga", "root", "nobody-at-all"):
        assert [fail(client, name) for _ in range(2)] == [401, 401]
    assert failures_of(app).wait()
    acts = world.acts("sign_in.failed")
    assert [(act.subject, act.actor_id, act.after) for act in acts] == [
        (f"user:{olga.id}", None, {"door": "/control/sign-in"}),
        (f"user:{root.id}", None, {"door": LOGIN}),
    ]
    assert world.acts("super_admin.use") == []
    while fail(client, "olga") == 401:
        pass
    assert fail(client, "olga") == 429
    assert failures_of(app).wait()
    assert [act.subject for act in world.acts("sign_in.locked_out")] == [f"user:{olga.id}"]
    assert len(world.acts("sign_in.failed")) == 2


def test_until_the_answer_is_out_no_name_costs_more_than_another(
    app: Flask,
    client: FlaskClient,
    world: World,
    stored_hash: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = threading.Event()
    waiting = SimpleNamespace(sleep=lambda seconds: answered.wait(30))
    monkeypatch.setattr(failures, "time", waiting)
    operator_named(world, "olga", VIEW, password_hash=stored_hash)
    fail(client, "somebody")  # questions that are asked once in a while have been asked
    asked = {}
    for name in ("olga", "nobody-at-all"):
        with count_statements(app) as asked[name]:
            assert fail(client, name) == 401
    assert len(asked["olga"]) == len(asked["nobody-at-all"]) == 1
    answered.set()
    assert failures_of(app).wait() and len(world.acts("sign_in.failed")) == 1


def test_an_error_that_nobody_expected_leaves_the_next_failures_recorded(
    app: Flask, client: FlaskClient, world: World, stored_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator_named(world, "olga", VIEW, password_hash=stored_hash)
    recorder = failures_of(app)
    with monkeypatch.context() as broken:
        broken.setattr(accounts, "network_of", lambda address: 1 // 0)
        assert fail(client, "olga") == 401
        assert recorder.wait() and world.acts("sign_in.failed") == []
    assert fail(client, "olga") == 401
    assert recorder.wait() and len(world.acts("sign_in.failed")) == 1


def test_a_failure_whose_thread_cannot_begin_is_recorded_with_the_next(
    app: Flask,
    client: FlaskClient,
    world: World,
    stored_hash: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(**_: object) -> None:
        raise RuntimeError("can't start new thread")

    for name in ("olga", "oscar"):
        operator_named(world, name, VIEW, password_hash=stored_hash)
    with monkeypatch.context() as broken:
        broken.setattr(failures, "threading", SimpleNamespace(Thread=full))
        assert fail(client, "olga") == 401
    failures_of(app).close()
    assert "before the end" in caplog.text
    assert fail(client, "oscar") == 401
    assert failures_of(app).wait() and len(world.acts("sign_in.failed")) == 2


def test_what_the_end_of_the_process_cuts_off_is_said(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(failures, "time", SimpleNamespace(sleep=lambda seconds: ended.wait(30)))
    recorder = failures_of(app)
    recorder.close()
    assert "before the end" not in caplog.text
    assert fail(client, "ada") == 401
    monkeypatch.setattr(recorder, "wait", lambda: failures.FailureRecorder.wait(recorder, 0.01))
    recorder.close()
    assert "before the end" in caplog.text
    ended.set()
    assert failures.FailureRecorder.wait(recorder)


def test_it_says_yes_once_in_an_interval_for_each_and_forgets_the_oldest() -> None:
    now = 0.0
    once = OncePerInterval(60, 2, lambda: now)
    assert [once.allows("a", "x"), once.allows("a", "x"), once.allows("a", "y")] == [
        True,
        False,
        True,
    ]
    now = 59.0
    assert not once.allows("a", "x")
    now = 60.0
    assert once.allows("a", "x")
    assert once.allows("b", "x") and once.allows("a", "y")
    assert len(once._last) == 2
