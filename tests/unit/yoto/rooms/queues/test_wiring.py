"""The room's use of moments that the core's watch knows ahead."""

from __future__ import annotations

from typing import Any

from yoto.permission.boundaries.rows import ENDS, Boundary
from yoto.rooms.queues.invalidation import Submission
from yoto.rooms.queues.wiring import _ahead


class Taken:
    """Takes what is submitted."""

    def __init__(self) -> None:
        self.submissions: list[Submission] = []

    def submit_many(self, submissions: list[Submission]) -> None:
        self.submissions += submissions


def test_a_moment_is_due_a_margin_after_it_since_clocks_differ() -> None:
    queue: Any = Taken()
    _ahead(queue, 0.5)([Boundary(100.0, ENDS, 1, 42, "server:7")])
    assert queue.submissions == [Submission("user:42", "role_ends", "all", "server:7", 100.5)]
