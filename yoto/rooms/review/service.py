"""Access reviews, for callers who may have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from yoto.api.permissions.checks.service import Question, demand_insight, question_of
from yoto.rooms.review.report import AccessDifference, AccessLine, AccessPage
from yoto.rooms.review.reviewing import REVIEWING
from yoto.store.db import db


def access(caller_id: int, asked: Mapping[str, Any]) -> AccessPage:
    """A page of people with a permission in a place, since when and by what.

    Raises:
        PermissionDenied: the caller may not know about others there.
        ValidationFailed, UnknownResource: as ``PermissionSystem.who_can``.
    """
    question = question_of(asked)
    demand_insight(caller_id, [question])
    return REVIEWING.who_can(*question, after=asked["after"], limit=asked["limit"], numbers=True)


def difference(caller_id: int, asked: Mapping[str, Any]) -> AccessDifference:
    """People who gained or lost a permission between two moments. Raises as ``access``."""
    question = question_of(asked)
    demand_insight(caller_id, [question])
    return REVIEWING.difference(*question, since=asked["since"], until=asked["until"], numbers=True)


def lines_from(page: AccessPage, question: Question, limit: int) -> Iterator[AccessLine]:
    """All lines from a page on, read in pages of ``limit``."""
    while True:
        # A slow reader must not hold a connection meanwhile.
        db.session.rollback()
        yield from page.lines
        if page.next_after is None:
            return
        page = REVIEWING.who_can(*question, after=page.next_after, limit=limit, numbers=True)
