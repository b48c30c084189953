"""Reading what was said: pages of a channel, and search."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select

from app.blueprints.messages.posts import Post, read_posts, select_posts
from app.http.paging import Page, cut
from app.models import Message


def read_history(
    channel_id: int, limit: int, before: int | None = None, after: int | None = None
) -> Page[Post]:
    """A slice of a channel: ``before`` a message, newest first, or ``after`` one, oldest first.

    ``next`` of the page goes into the same parameter; without either the newest come first and
    ``next`` goes into ``before``.
    """
    statement = select_posts().where(Message.channel_id == channel_id)
    if after is None:
        return _backwards(statement, before, limit)
    statement = statement.where(Message.id > after).order_by(Message.id)
    return cut(read_posts(statement.limit(limit + 1)), limit, lambda post: post.id)


def search(
    place: ColumnElement[bool], text: str, limit: int, before: int | None = None
) -> Page[Post]:
    """Messages that contain ``text`` literally, newest first.

    Args:
        place: where to look: a condition on ``Message.channel_id``.
        text: what to look for; wildcards of LIKE in it are plain characters.
    """
    statement = select_posts().where(place, Message.content.icontains(text, autoescape=True))
    return _backwards(statement, before, limit)


def _backwards(statement: Select[Any], before: int | None, limit: int) -> Page[Post]:
    if before is not None:
        statement = statement.where(Message.id < before)
    statement = statement.order_by(Message.id.desc()).limit(limit + 1)
    return cut(read_posts(statement), limit, lambda post: post.id)
