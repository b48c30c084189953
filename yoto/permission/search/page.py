"""One page of a search, and the checks of its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yoto.errors import ValidationFailed
from yoto.permission.registry.scopes import MAX_ID

PAGE_MAX = 1_000
# Candidates that one page looks at. A page that finds too few among them is short, and says where
# to go on: work for a page is bounded, however few of a million candidates are allowed.
SCAN_MAX = 5_000
# The reasons why a search for users can lack people; the first where both apply.
PEOPLE_UNKNOWN = "people"
ROLES_UNKNOWN = "provided_roles"


@dataclass(frozen=True, slots=True)
class Page:
    """Ids in ascending order.

    Attributes:
        ids: at most as many as asked for; fewer, even none, do not mean the end.
        next_after: give it as ``after`` for the next page; None: there is none.
        incomplete: why people may be missing; None: none are. ``people``: some have no number yet,
            or a function of the application knows them, and was never asked about all.
            ``provided_roles``: the function that provides roles was never asked about some people.
    """

    ids: tuple[Any, ...]
    next_after: Any
    incomplete: str | None = None


def checked_after(after: Any) -> int:
    """The cursor as a number, 0 for the beginning.

    Raises:
        ValidationFailed: field ``after``: it is not from a page.
    """
    if after is None:
        return 0
    if type(after) is not int or not 0 <= after <= MAX_ID:
        raise ValidationFailed({"after": "must be what a page gave as next_after"})
    return after


def checked_limit(limit: Any) -> int:
    """Raises ``ValidationFailed`` (field ``limit``) for anything but 1 to ``PAGE_MAX``."""
    if type(limit) is not int or not 1 <= limit <= PAGE_MAX:
        raise ValidationFailed({"limit": f"must be an integer from 1 to {PAGE_MAX}"})
    return limit
