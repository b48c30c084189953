"""Operators look at the queues, re-drive and discard dead letters, and choose a strategy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from app.extensions import optimization
from tests.support.operators import OPERATE, VIEW, WHY, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import ValidationFailed
from yoto.rooms.queues.batch import BatchQueue
from yoto.rooms.queues.invalidation import Submission

STRATEGY = "/queues/invalidation/strategy"


@pytest.fixture
def operator(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, OPERATE)


class Picky:
    """A handler that refuses items until it is told otherwise."""

    def __init__(self) -> None:
        self.refuses = True
        self.done: list[int] = []

    def __call__(self, items: Any) -> None:
        if self.refuses:
            raise ValidationFailed({"n": "is not to my taste"})
        self.done += [item.payload["n"] for item in items]


@pytest.fixture
def handler() -> Picky:
    return Picky()


@pytest.fixture
def queue(app: Flask, handler: Picky) -> BatchQueue:
    """The queue, with a kind that has three dead letters and one that nobody handles."""
    queue = optimization.of(app).queue
    queue.register_handler("job", handler)
    queue.start()
    for n in range(3):
        queue.enqueue("job", {"n": n, "text": "x" * 300})
    queue.enqueue("foreign", {"n": 1})
    wait_until(lambda: queue.stats().dead == 3)
    return queue


def number_of(letter: dict[str, Any]) -> int:
    found = re.match(r'\{"n":(\d),', letter["excerpt"])
    assert found is not None, letter
    return int(found[1])


def test_each_kind_is_shown_with_its_workers(operator: ControlClient, queue: BatchQueue) -> None:
    shown = operator.get("/queues").json["batch"]
    kinds = {kind["kind"]: kind for kind in shown["kinds"]}
    assert (kinds["job"]["dead"], kinds["job"]["length"], kinds["job"]["served"]) == (3, 0, True)
    assert kinds["job"]["counts"]["dead"] == 3 and kinds["job"]["oldest_age"] is None
    assert (kinds["foreign"]["waiting"], kinds["foreign"]["served"]) == (1, False)
    (consumer,) = shown["consumers"]
    assert consumer["workers"] == queue.settings.workers and "job" in consumer["kinds"]


def test_dead_letters_are_read_in_pages_and_whole(
    operator: ControlClient, queue: BatchQueue
) -> None:
    first = operator.get("/queues/job/dead", limit=2).json
    rest = operator.get("/queues/job/dead", limit=2, after=first["next"]).json
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    letter = first["items"][0]
    assert letter["reason"] == "ValidationFailed: n: is not to my taste" and letter["tries"] in (
        1,
        2,
    )
    # The order of their deaths is open: each is tried by itself.
    assert sorted(map(number_of, [*first["items"], *rest["items"]])) == [0, 1, 2]
    assert len(letter["excerpt"]) == 200
    whole = operator.get(f"/queues/job/dead/{letter['id']}").json
    assert len(whole["payload"]) > 300 and whole["died_at"] >= whole["enqueued_at"]
    assert operator.get("/queues/foreign/dead").json == {"items": [], "next": None}
    assert operator.get("/queues/No Kind/dead").status_code == 404
    for nothing in ("1-0", "nonsense"):
        assert operator.get(f"/queues/job/dead/{nothing}").status_code == 404


def test_a_dead_letter_is_put_back_and_done(
    operator: ControlClient, queue: BatchQueue, handler: Picky, world: World
) -> None:
    letters = operator.get("/queues/job/dead").json["items"]
    one = f"/queues/job/dead/{letters[0]['id']}/redrive"
    handler.refuses = False
    assert operator.post(one).json == {"redriven": 1}
    wait_until(lambda: handler.done == [number_of(letters[0])])
    assert operator.post(one).status_code == 404
    assert operator.post("/queues/job/redrive").json == {"redriven": 2}
    wait_until(lambda: sorted(handler.done) == [0, 1, 2])
    assert operator.post("/queues/nothing/redrive").status_code == 404
    assert [act.subject for act in world.acts("queue.redrive")] == ["queue:job"]
    (act,) = world.acts("queue.redrive_all")
    assert (act.before, act.reason) == ({"dead": 2}, WHY)


def test_a_dead_letter_is_thrown_away_and_kept_in_the_audit_log(
    operator: ControlClient, queue: BatchQueue, world: World
) -> None:
    letter = operator.get("/queues/job/dead").json["items"][0]
    path = f"/queues/job/dead/{letter['id']}"
    content = operator.get(path).json["payload"]
    assert operator.post(f"{path}/discard").json == {"discarded": 1}
    assert operator.get(path).status_code == operator.post(f"{path}/discard").status_code == 404
    (act,) = world.acts("queue.discard")
    assert act.before["payload"] == content and act.reason == WHY
    kind = queue.stats().kinds["job"]
    assert (kind.dead, kind.counts.discarded) == (2, 1)


def test_the_strategy_is_shown_with_its_cause_and_chosen_for_a_while(
    app: Flask, operator: ControlClient, world: World
) -> None:
    queue = optimization.of(app).invalidation
    queue.submit_many([Submission(f"user:{n}", "import", "all", "server:7") for n in range(1, 4)])
    shown = operator.get("/queues").json["invalidation"]
    assert (shown["length"], shown["totals"]["submitted"], shown["health"]) == (3, 3, "excellent")
    assert (
        shown["strategy"]
        == operator.get(STRATEGY).json
        == {
            "in_force": "conservative",
            "why": "analysis",
            "by_analysis": "conservative",
            "forced": None,
        }
    )
    chosen = operator.put(STRATEGY, strategy="aggressive", seconds=60).json
    assert (chosen["in_force"], chosen["why"], chosen["forced"]["reason"]) == (
        "aggressive",
        "forced",
        WHY,
    )
    assert 50 < chosen["forced"]["left_s"] <= 60
    assert operator.put(STRATEGY, strategy="normal").json["forced"] is None
    assert [act.after["strategy"] for act in world.acts("queue.strategy")] == [
        "aggressive",
        "normal",
    ]
    for wrong, field in (({"strategy": "brutal"}, "strategy"), ({"seconds": 0}, "seconds")):
        refused = operator.put(STRATEGY, **{"strategy": "auto", **wrong})
        assert (refused.status_code, list(refused.json["errors"])) == (422, [field])


def test_looking_takes_the_right_to_view_and_acting_that_to_operate(
    app: Flask, world: World
) -> None:
    viewer = control_client(app, world, VIEW, username="vera")
    assert viewer.get("/queues").status_code == 200
    for path in ("/queues/job/redrive", "/queues/job/dead/1-0/discard"):
        assert viewer.post(path).status_code == 403
    assert viewer.put(STRATEGY, strategy="auto").status_code == 403
