"""``flask queue``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from app.extensions import optimization
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import ValidationFailed
from yoto.rooms.queues.batch import BatchQueue

WHY = "its cause is mended"


def run(app: Flask, *arguments: str, code: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=["queue", *arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def queue(app: Flask) -> BatchQueue:
    """The queue, with a kind that has three dead letters and one that nobody handles."""
    queue = optimization.of(app).queue

    def refuse(items: Any) -> None:
        raise ValidationFailed({"n": "is not to my taste"})

    queue.register_handler("job", refuse)
    queue.start()
    for n in range(3):
        queue.enqueue("job", {"n": n})
        # Two that wait at once may die in any order.
        wait_until(lambda dead=n + 1: queue.stats().dead == dead)
    queue.enqueue("foreign", {"n": 1})
    queue.close(30)
    return queue


def test_stats_show_each_kind(app: Flask, queue: BatchQueue) -> None:
    shown = run(app, "stats")
    assert "job: 0 items (0 waiting, 0 in flight, 0 delayed), 3 dead letters" in shown
    assert "foreign: 1 items (1 waiting" in shown and "no handler for foreign" in shown
    parsed = json.loads(run(app, "stats", "--json"))
    assert parsed["kinds"]["job"]["counts"]["dead"] == 3


def test_an_empty_queue_says_so(app: Flask) -> None:
    assert run(app, "stats") == "Nothing was ever enqueued.\n"
    assert run(app, "dead") == "No dead letters.\n"


def test_dead_letters_are_shown_in_pages(app: Flask, queue: BatchQueue) -> None:
    shown = run(app, "dead", "--limit", "2")
    assert "ValidationFailed: n: is not to my taste" in shown and '{"n":2}' in shown
    cursor = shown.rpartition("more: --after ")[2].strip()
    last = json.loads(run(app, "dead", "--after", cursor, "--json"))
    assert [letter["payload"] for letter in last["letters"]] == ['{"n":0}']
    assert last["after"] is None
    assert run(app, "dead", "--kind", "foreign") == "No dead letters.\n"


def test_dead_letters_are_put_back(app: Flask, queue: BatchQueue, world: World) -> None:
    letters = queue.dead_letters().letters
    redrive = ("redrive", "--reason", WHY)
    found = run(app, *redrive, letters[0].id, "job:1-0", code=1)
    assert found == "Error: 1 retried, 1 not found.\n"
    assert run(app, *redrive, "--all", "--kind", "foreign") == "0 retried.\n"
    assert run(app, *redrive, "--all") == "2 retried.\n"
    assert queue.stats().kinds["job"].waiting == 3
    (act,) = world.acts("queue.redrive")
    assert (act.subject, act.after["id"]) == ("queue:job", letters[0].id)
    assert [act.subject for act in world.acts("queue.redrive_all")] == [
        "queue:foreign",
        "queue:foreign",
        "queue:job",
    ]


def test_a_dead_letter_is_shown_whole_and_thrown_away(
    app: Flask, queue: BatchQueue, world: World
) -> None:
    newest = queue.dead_letters().letters[0]
    assert run(app, "show", newest.id).endswith('{"n":2}\n')
    assert run(app, "discard", newest.id, "--reason", WHY) == f"{newest.id} is gone.\n"
    for command in (("show",), ("discard", "--reason", WHY)):
        assert f"letter {newest.id}" in run(app, *command, newest.id, code=1)
    (act,) = world.acts("queue.discard")
    assert (act.reason, act.before["payload"]) == (WHY, '{"n":2}')
    kind = queue.stats().kinds["job"]
    assert (kind.dead, kind.counts.discarded) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("redrive", "--reason", WHY), 2),
        (("redrive", "job:1-0"), 2),
        (("redrive", "job:1-0", "--all", "--reason", WHY), 2),
        (("redrive", "job:1-0", "--kind", "job", "--reason", WHY), 2),
        (("redrive", "nonsense", "--reason", WHY), 1),
        (("show", "nonsense"), 1),
        (("dead", "--limit", "0"), 1),
        (("dead", "--kind", "No Kind"), 1),
    ],
)
def test_a_wrong_call_is_refused(app: Flask, arguments: tuple[str, ...], code: int) -> None:
    run(app, *arguments, code=code)
