"""Items of the batch queue go on into the invalidation queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from yoto.errors import ValidationFailed
from yoto.optimization import AdvancedOptimization
from yoto.rooms.queues.batch import QueueItem
from yoto.rooms.queues.handlers import INVALIDATE, check_invalidations, queue_invalidations
from yoto.rooms.queues.invalidation import Submission


@dataclass
class Invalidation:
    submitted: list[Submission] = field(default_factory=list)

    def submit_many(self, submissions: list[Submission]) -> None:
        self.submitted += submissions


@dataclass
class State:
    invalidation: Invalidation


def handle(*payloads: Mapping[str, Any]) -> list[Submission]:
    invalidation = Invalidation()
    app = Flask("bare")
    app.extensions[AdvancedOptimization.key] = State(invalidation)
    items = [
        QueueItem(f"{INVALIDATE}:{number}-0", "", one, 1, 0.0)
        for number, one in enumerate(payloads)
    ]
    try:
        with app.app_context():
            queue_invalidations(items)
    except ValidationFailed:
        assert invalidation.submitted == []
        raise
    return invalidation.submitted


def test_every_subject_of_every_item_is_submitted() -> None:
    assert handle(
        {"subjects": ["user:1", "user:2"], "reason": "import", "covering": "server:7"},
        {"subjects": ["role:9"], "reason": "ban", "level": "l1"},
    ) == [
        Submission("user:1", "import", "all", "server:7"),
        Submission("user:2", "import", "all", "server:7"),
        Submission("role:9", "ban", "l1"),
    ]


@pytest.mark.parametrize(
    ("payload", "wrong"),
    [
        ({"reason": "x"}, "subjects"),
        ({"subjects": [], "reason": "x"}, "subjects"),
        ({"subjects": "user:1", "reason": "x"}, "subjects"),
        ({"subjects": ["user:1"], "reason": "x", "due": 5}, "due"),
    ],
)
def test_a_payload_that_is_none_stops_the_batch(payload: Mapping[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        handle({"subjects": ["user:1"], "reason": "x"}, payload)
    assert list(caught.value.errors) == [wrong]
    with pytest.raises(ValidationFailed):
        check_invalidations(payload)
