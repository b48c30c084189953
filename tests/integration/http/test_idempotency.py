"""An act with an Idempotency-Key is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.db import db, utcnow
from app.http import idempotency
from app.models import IDEMPOTENCY_KEPT, IdempotencyKey
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
from tests.support.world import World

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


def test_an_answer_with_a_secret_is_not_kept(app: Flask, world: World) -> None:
    person = operator_named(world, "ada", VIEW, ADMIN)
    token_id, secret = api_token(app, person)
    mine = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
    revoke = f"/tokens/{token_id}/revoke"
    view = app.view_functions["tokens_control.revoke_api_token"]
    idempotency.secret_answer(view)
    try:
        assert mine.send("POST", revoke, {"reason": WHY}, **KEY).status_code == 200
        assert world.rows(select(IdempotencyKey.status, IdempotencyKey.body)) == [(200, None)]
    finally:
        delattr(view, idempotency.SECRET_MARK)
    _, other = api_token(app, person)
    mine.credentials = {"Authorization": f"Bearer {other}"}
    answer = mine.send("POST", revoke, {"reason": WHY}, **KEY)
    assert answer.status_code == 409 and answer.json["type"].endswith("idempotency-secret")


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
