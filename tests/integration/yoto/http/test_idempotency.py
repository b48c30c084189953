"""An act with an Idempotency-Key is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.auth.passwords import passwords
from tests.integration.yoto.control_plane.conftest import PASSWORD, STATUS, Browser
from tests.support.operators import (
    ADMIN,
    OPERATE,
    VIEW,
    WHY,
    ControlClient,
    api_token,
    control_client,
    operator_named,
)
from tests.support.statements import count_statements
from tests.support.together import together
from tests.support.world import World
from yoto.errors import StoreUnavailable
from yoto.http import idempotency
from yoto.rooms.prefetch.prefetching import PrefetchService
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE, IdempotencyKey, RoleAssignment

PAUSE = "/prefetch/pause"
BODY = {"reason": WHY, "where": "worker"}
KEY = {"Idempotency_Key": "one"}


@pytest.fixture
def steerer(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, OPERATE)


@pytest.fixture
def app_config(app_config: dict[str, object]) -> dict[str, object]:
    return {**app_config, "PREFETCH_ENABLED": True}


def pauses(world: World) -> int:
    return len(world.acts("prefetch.pause"))


def test_sent_again_it_is_answered_as_before_and_not_done_again(
    steerer: ControlClient, world: World
) -> None:
    first = steerer.send("POST", PAUSE, BODY, **KEY)
    assert first.status_code == 200 and pauses(world) == 1
    again = steerer.send("POST", PAUSE, BODY, **KEY)
    assert again.json == first.json and again.headers["Idempotency-Replayed"] == "true"
    assert pauses(world) == 1
    steerer.send("POST", PAUSE, BODY)
    assert pauses(world) == 2


def test_its_answer_is_read_once(app: Flask, steerer: ControlClient) -> None:
    steerer.send("POST", PAUSE, BODY, **KEY)
    with count_statements(app) as statements:
        steerer.send("POST", PAUSE, BODY, **KEY)
    reads = [one for one in statements if "SELECT yoto_idempotency_keys" in one]
    assert len(reads) == 1, reads


def test_a_key_names_one_act_only(steerer: ControlClient, world: World) -> None:
    steerer.send("POST", PAUSE, BODY, **KEY)
    other = steerer.send("POST", PAUSE, {**BODY, "reason": "something else"}, **KEY)
    assert other.status_code == 422 and list(other.json["errors"]) == ["Idempotency-Key"]
    assert pauses(world) == 1


def test_keys_of_two_operators_have_nothing_to_do_with_each_other(
    app: Flask, steerer: ControlClient, world: World
) -> None:
    other = control_client(app, world, VIEW, OPERATE, username="bert")
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 200
    assert "Idempotency-Replayed" not in other.send("POST", PAUSE, BODY, **KEY).headers
    assert pauses(world) == 2


def test_what_was_refused_may_be_tried_again(steerer: ControlClient, world: World) -> None:
    assert steerer.send("POST", PAUSE, {"reason": ""}, **KEY).status_code == 422
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 200
    assert pauses(world) == 1


def test_an_act_whose_end_nobody_knows_is_not_repeated(
    app: Flask, steerer: ControlClient, world: World
) -> None:
    """Its worker died after it had begun."""
    steerer.send("POST", PAUSE, BODY, **KEY)
    with app.app_context():
        db.session.execute(update(IdempotencyKey).values(status=None, body=None))
        db.session.commit()
    answer = steerer.send("POST", PAUSE, BODY, **KEY)
    assert answer.status_code == 409 and answer.json["type"].endswith("idempotency-in-progress")
    assert pauses(world) == 1


@pytest.mark.parametrize(
    ("path", "body", "secret"),
    [
        ("/tokens", {"name": "deploy", "rights": [VIEW]}, "token"),
        ("/alerts/webhooks", {"name": "pager", "url": "https://pager.example/hook"}, "secret"),
    ],
    ids=["token", "webhook"],
)
def test_an_answer_with_a_secret_is_not_kept(
    app: Flask, world: World, path: str, body: dict[str, object], secret: str
) -> None:
    with app.app_context():
        stored = passwords().hash(PASSWORD)
    operator_named(world, "ada", VIEW, ADMIN, password_hash=stored)
    browser = Browser(app.test_client())
    browser.sign_in("ada")
    mine = ControlClient(browser.client, {"X-CSRF-Token": browser.token(STATUS)})
    made = mine.send("POST", path, {"reason": WHY, **body}, **KEY)
    assert made.status_code == 201 and made.json[secret]
    assert world.rows(select(IdempotencyKey.status, IdempotencyKey.body)) == [(201, None)]
    answer = mine.send("POST", path, {"reason": WHY, **body}, **KEY)
    assert answer.status_code == 409 and answer.json["type"].endswith("idempotency-secret")


def test_who_lost_the_right_is_not_answered_as_before(
    app: Flask, steerer: ControlClient, world: World
) -> None:
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 200
    with app.app_context():
        db.session.execute(delete(RoleAssignment))
        db.session.commit()
    refused = steerer.send("POST", PAUSE, BODY, **KEY)
    assert refused.status_code == 403 and "Idempotency-Replayed" not in refused.headers


def test_who_may_not_act_leaves_no_row(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed: list[object] = []
    monkeypatch.setattr(idempotency, "claim", lambda: claimed.append(1))
    viewer = control_client(app, world, VIEW)
    assert viewer.send("POST", PAUSE, BODY, **KEY).status_code == 403
    assert claimed == []


def test_a_narrower_token_of_the_account_gets_no_stored_answer(app: Flask, world: World) -> None:
    ada = operator_named(world, "ada", VIEW, OPERATE)
    programs = [
        ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
        for _, secret in (api_token(app, ada), api_token(app, ada, [VIEW]), api_token(app, ada))
    ]
    answers = [one.send("POST", PAUSE, BODY, **KEY) for one in programs]
    assert [one.status_code for one in answers] == [200, 403, 422]
    assert list(answers[2].json["errors"]) == ["Idempotency-Key"]
    assert pauses(world) == 1


def test_what_failed_after_it_was_recorded_is_not_done_again(
    steerer: ControlClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can say that nothing was done."""

    def away(service: PrefetchService) -> object:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(PrefetchService, "switches", away)
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 503
    monkeypatch.undo()
    answer = steerer.send("POST", PAUSE, BODY, **KEY)
    assert answer.status_code == 409 and answer.json["type"].endswith("idempotency-in-progress")
    assert pauses(world) == 1


def test_what_failed_before_anything_was_recorded_may_be_tried_again(
    steerer: ControlClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(service: PrefetchService) -> object:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(PrefetchService, "prefetcher", property(away))
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 503
    monkeypatch.undo()
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 200
    assert pauses(world) == 1


def test_an_act_is_answered_as_done_although_its_end_cannot_be_kept(
    steerer: ControlClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("database")

    monkeypatch.setattr(idempotency, "_settle", away)
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 200
    monkeypatch.undo()
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 409
    assert pauses(world) == 1


def claimed_long_ago(app: Flask) -> None:
    """As the row is that a worker left, which died before it acted."""
    with app.app_context():
        then = utcnow() - IDEMPOTENCY_LEASE - timedelta(seconds=1)
        values = {"status": None, "body": None, "recorded_at": None, "created_at": then}
        db.session.execute(update(IdempotencyKey).values(**values))
        db.session.commit()


def test_an_act_whose_worker_died_before_it_goes_on_by_itself(
    app: Flask, steerer: ControlClient, world: World
) -> None:
    steerer.send("POST", PAUSE, BODY, **KEY)
    claimed_long_ago(app)
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 200
    again = steerer.send("POST", PAUSE, BODY, **KEY)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert pauses(world) == 2


def test_until_then_it_is_told_when_to_come_back(
    app: Flask, steerer: ControlClient, world: World
) -> None:
    steerer.send("POST", PAUSE, BODY, **KEY)
    with app.app_context():
        db.session.execute(update(IdempotencyKey).values(status=None, recorded_at=None))
        db.session.commit()
    answer = steerer.send("POST", PAUSE, BODY, **KEY)
    assert answer.status_code == 409 and 1 <= int(answer.headers["Retry-After"]) <= 30
    assert pauses(world) == 1


def test_a_worker_that_was_taken_for_dead_does_not_act_after_all(
    app: Flask, steerer: ControlClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ControlClient(app.test_client(), steerer.credentials)
    second: list[int] = []

    def sleeps_too_long(service: PrefetchService) -> object:
        monkeypatch.undo()
        claimed_long_ago(app)
        # In a thread, so that it has a context of its own.
        second.extend(together([lambda: other.send("POST", PAUSE, BODY, **KEY).status_code]))
        return service.prefetcher

    monkeypatch.setattr(PrefetchService, "prefetcher", property(sleeps_too_long))
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 409
    assert second == [200] and pauses(world) == 1
    assert steerer.send("POST", PAUSE, BODY, **KEY).headers["Idempotency-Replayed"] == "true"


def test_keys_are_forgotten_after_a_day(app: Flask, steerer: ControlClient, world: World) -> None:
    steerer.send("POST", PAUSE, BODY, **KEY)
    with app.app_context():
        then = utcnow() - IDEMPOTENCY_KEPT - timedelta(seconds=1)
        db.session.execute(update(IdempotencyKey).values(created_at=then))
        db.session.commit()
    assert steerer.send("POST", PAUSE, BODY, **KEY).status_code == 200
    assert pauses(world) == 2
    assert len(world.rows(select(IdempotencyKey.id))) == 1


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ü"])
def test_a_key_that_is_none_is_refused(steerer: ControlClient, world: World, key: str) -> None:
    answer = steerer.send("POST", PAUSE, BODY, Idempotency_Key=key)
    assert answer.status_code == 422 and list(answer.json["errors"]) == ["Idempotency-Key"]
    assert pauses(world) == 0
