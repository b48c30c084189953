"""``invalidate_permissions``: items of the batch queue go on into the invalidation queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from app.core.errors import ValidationFailed
from app.core.optimization import SmartInvalidation, Submission

INVALIDATE_PERMISSIONS = "invalidate_permissions"
FIELDS = frozenset({"subjects", "reason", "level", "covering"})


class Item(Protocol):
    """What is read of an item of the batch queue."""

    @property
    def payload(self) -> Mapping[str, Any]: ...


def invalidate_permissions(invalidation: SmartInvalidation) -> Callable[[Sequence[Item]], None]:
    """The handler; to handle an item twice does no harm.

    A payload has ``subjects``, a list, and ``reason``, and may have ``level`` and ``covering``; see
    ``Submission``. For one that is wrong the handler raises ``ValidationFailed`` and queues nothing
    of its batch.
    """

    def handle(items: Sequence[Item]) -> None:
        submissions = [one for item in items for one in _submissions(item.payload)]
        invalidation.submit_many(submissions)

    return handle


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
