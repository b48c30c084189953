"""Operators look at distributed locks and take one away from its holder."""

from __future__ import annotations

import pytest
from flask import Flask

from app.extensions import events, optimization, redis_store
from tests.support.operators import OPERATE, VIEW, WHY, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import LockLost, StaleToken
from yoto.optimization import DistributedLocks
from yoto.optimization.lock import listing


@pytest.fixture
def operator(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, OPERATE)


@pytest.fixture
def locks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> DistributedLocks:
    """The locks of the application, which are told of at once."""
    monkeypatch.setattr(listing, "LISTED_AFTER", 0.0)
    monkeypatch.setattr(listing, "INTERVAL", 0.1)
    return optimization.of(app).locks


def test_a_lock_is_shown_with_its_holder(
    app: Flask, operator: ControlClient, locks: DistributedLocks
) -> None:
    assert operator.get("/locks").json["items"] == []
    with locks.create_lock("jobs//import 1", timeout=60) as lock:
        wait_until(lambda: operator.get("/locks").json["items"])
        (shown,) = operator.get("/locks").json["items"]
        assert (shown["name"], shown["token"]) == ("jobs//import 1", lock.token)
        assert shown["holder"] == events.of(app).instance_id and shown["waiting"] == 0
        assert 0 < shown["lease_left_s"] <= 60 and shown["held_s"] >= 0
        alone = operator.get("/locks/jobs//import 1").json
        assert (alone["token"], alone["holder"]) == (lock.token, shown["holder"])
    assert operator.get("/locks/jobs//import 1").status_code == 404


def test_a_lock_is_taken_away_and_its_holder_writes_no_more(
    app: Flask, operator: ControlClient, locks: DistributedLocks, world: World
) -> None:
    store = locks.fenced_store()
    lock = locks.create_lock("import", timeout=60, renew=False)
    assert lock.acquire()
    token = lock.token
    store.claim("report", token)
    assert operator.post("/locks/import/release", token=token).json == {
        "name": "import",
        "token": token,
    }
    (act,) = world.acts("lock.release")
    assert (act.subject, act.reason, act.before["token"]) == ("lock:import", WHY, token)
    others = DistributedLocks(redis_store.of(app))
    with others.create_lock("import", timeout=60) as later:
        store.write("report", "later", later.token)
        with pytest.raises(StaleToken):
            store.write("report", "late", token)
        assert store.read("report") == b"later"
        refused = operator.post("/locks/import/release", token=token)
        assert (refused.status_code, refused.json["type"]) == (409, "urn:yoto:problem:lock-changed")
        assert refused.json["current"]["token"] == later.token
    others.close()
    with pytest.raises(LockLost):
        lock.release()
    refused = operator.post("/locks/import/release", token=token)
    assert (refused.status_code, refused.json["current"]) == (409, None)
    assert len(world.acts("lock.release")) == 1


@pytest.mark.parametrize("token", [None, 0, "7", 2**53])
def test_a_token_that_is_none_is_refused(operator: ControlClient, token: object) -> None:
    body = {"reason": WHY} if token is None else {"reason": WHY, "token": token}
    refused = operator.send("POST", "/locks/import/release", body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["token"])


def test_taking_away_needs_the_right_to_operate(app: Flask, world: World) -> None:
    viewer = control_client(app, world, VIEW, username="vera")
    assert viewer.get("/locks").status_code == 200
    assert viewer.post("/locks/import/release", token=7).status_code == 403
