"""Requests to the invalidation queue, and their checks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from yoto.errors import ValidationFailed
from yoto.rooms.queues.invalidation.names import LEVELS
from yoto.rules import is_number

REASON = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class LogAccess:
    """The log's interface for the queue: the log belongs to a layer above.

    Attributes:
        publish: appends subjects and returns their position, which prints as text.
        is_known: whether the log takes a subject.
        memory: the subject for the memory of processes about a subject.
        everything: the subject that covers all others.
    """

    publish: Callable[..., Any]
    is_known: Callable[[str], bool]
    memory: Callable[[str], str]
    everything: str

    def name(self, level: str, subject: str) -> str:
        """The log's name of ``subject`` at ``level``."""
        return subject if level == LEVELS[0] else self.memory(subject)


@dataclass(frozen=True, slots=True)
class Submission:
    """One subject that is to be invalidated.

    Attributes:
        subject: as the log knows it, such as ``user:42``.
        reason: why, as a short name: small letters, digits, ``_``, ``.``, ``-``; at most 64.
        level: ``all``: nothing about it is trusted any more; ``l1``: processes forget it, and
            the copy in Redis stays trusted.
        covering: a subject whose invalidation includes this one's here, such as the server of a
            member. A listener for ``subject`` itself may get ``covering`` instead.
        due: epoch seconds of Redis's clock at which it is published; None: as soon as possible.
    """

    subject: str
    reason: str
    level: str = LEVELS[0]
    covering: str | None = None
    due: float | None = None


def check_submissions(submissions: Iterable[Submission], access: LogAccess) -> None:
    """Return if all of them can be stored and published.

    Raises:
        ValidationFailed: names each field and the allowed values.
    """
    problems: defaultdict[str, dict[str, None]] = defaultdict(dict)
    known: set[tuple[str, str]] = set()

    def check_subject(field: str, level: str, subject: object) -> None:
        if isinstance(subject, str) and (
            (level, subject) in known or access.is_known(access.name(level, subject))
        ):
            known.add((level, subject))
        else:
            problems[field][f"unknown subject {subject!r}"] = None

    for one in submissions:
        if one.level not in LEVELS:
            problems["level"][f"must be one of {', '.join(LEVELS)}, not {one.level!r}"] = None
            continue
        check_subject("subject", one.level, one.subject)
        if one.covering is not None:
            check_subject("covering", one.level, one.covering)
        if not isinstance(one.reason, str) or not REASON.fullmatch(one.reason):
            problems["reason"]["must be 1 to 64 of a-z, 0-9, '_', '.', '-', a letter first"] = None
        if one.due is not None and not (is_number(one.due) and one.due >= 0):
            problems["due"][f"must be epoch seconds, 0 or more, not {one.due!r}"] = None
    if problems:
        raise ValidationFailed({field: list(found) for field, found in problems.items()})
