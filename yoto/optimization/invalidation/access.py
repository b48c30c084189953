"""The way from the invalidation queue up to the log, which belongs to a layer above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yoto.optimization.invalidation.names import LEVELS


@dataclass(frozen=True, slots=True)
class LogAccess:
    """The log's interface for the queue.

    Attributes:
        publish: appends subjects and returns their position, which prints as text.
        is_known: whether the log takes a subject.
        memory: the subject of what processes remember about a subject.
        everything: the subject that covers all others.
    """

    publish: Callable[..., Any]
    is_known: Callable[[str], bool]
    memory: Callable[[str], str]
    everything: str

    def name(self, level: str, subject: str) -> str:
        """The log's name of ``subject`` at ``level``."""
        return subject if level == LEVELS[0] else self.memory(subject)
