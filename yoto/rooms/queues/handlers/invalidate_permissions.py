"""``invalidate_permissions``: subjects that go on into the queue of invalidations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app

from yoto.errors import ValidationFailed
from yoto.optimization import AdvancedOptimization
from yoto.rooms.queues.batch import QueueItem
from yoto.rooms.queues.invalidation import Submission

KIND = "invalidate_permissions"
FIELDS = frozenset({"subjects", "reason", "level", "covering"})


def check(payload: Mapping[str, Any]) -> None:
    """Refuse a payload without this shape: ``subjects``, a list, ``reason``, and optionally
    ``level`` and ``covering``; see ``Submission``.

    Raises:
        ValidationFailed: names the field.
    """
    _submissions(payload)


def handle(items: Sequence[QueueItem]) -> None:
    """Queue the invalidations in ``items``; running it twice does no harm.

    Raises:
        ValidationFailed: a payload is wrong; nothing was queued.
        StoreUnavailable: Redis did not answer.
    """
    invalidation = AdvancedOptimization.of(current_app).invalidation
    invalidation.submit_many([one for item in items for one in _submissions(item.payload)])


def _submissions(payload: Mapping[str, Any]) -> list[Submission]:
    unknown = {str(name): "unknown field" for name in payload.keys() - FIELDS}
    if unknown:
        raise ValidationFailed(unknown)
    subjects = payload.get("subjects")
    if not isinstance(subjects, (list, tuple)) or not subjects:
        raise ValidationFailed({"subjects": "must be a list of at least one subject"})
    return [
        Submission(
            subject,
            payload.get("reason", ""),
            payload.get("level", "all"),
            payload.get("covering"),
        )
        for subject in subjects
    ]
