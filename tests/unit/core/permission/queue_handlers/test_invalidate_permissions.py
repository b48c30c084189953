"""Items of the batch queue go on into the invalidation queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest

from app.core.errors import ValidationFailed
from app.core.optimization import SmartInvalidation, Submission
from app.core.permission import invalidate_permissions


@dataclass
class Item:
    payload: Mapping[str, Any]


class Invalidation:
    def __init__(self) -> None:
        self.submitted: list[Submission] = []

    def submit_many(self, submissions: list[Submission]) -> None:
        self.submitted += submissions


def handle(*payloads: Mapping[str, Any]) -> list[Submission]:
    invalidation = Invalidation()
    handler = invalidate_permissions(cast(SmartInvalidation, invalidation))
    try:
        handler([Item(one) for one in payloads])
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
    ("payload", "field"),
    [
        ({"reason": "x"}, "subjects"),
        ({"subjects": [], "reason": "x"}, "subjects"),
        ({"subjects": "user:1", "reason": "x"}, "subjects"),
        ({"subjects": ["user:1"], "reason": "x", "due": 5}, "due"),
    ],
)
def test_a_payload_that_is_none_stops_the_batch(payload: Mapping[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        handle({"subjects": ["user:1"], "reason": "x"}, payload)
    assert list(caught.value.errors) == [field]
