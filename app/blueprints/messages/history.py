"""Reading what was said: pages of a channel, and search."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam

from app.blueprints.messages.posts import POSTS, POSTS_OF_CHANNEL, Post, messages, read_posts
from yoto.http.paging import Page, cut

BACKWARDS = messages.c.id.desc()
OLDER = messages.c.id < bindparam("before")
ROWS = bindparam("rows")

NEWEST_OF_CHANNEL = POSTS_OF_CHANNEL.order_by(BACKWARDS).limit(ROWS)
OLDER_OF_CHANNEL = POSTS_OF_CHANNEL.where(OLDER).order_by(BACKWARDS).limit(ROWS)
NEWER_OF_CHANNEL = (
    POSTS_OF_CHANNEL.where(messages.c.id > bindparam("after")).order_by(messages.c.id).limit(ROWS)
)


def read_history(
    channel_id: int, limit: int, before: int | None = None, after: int | None = None
) -> Page[Post]:
    """A slice of a channel: ``before`` a message, newest first, or ``after`` one, oldest first.

    ``next`` of the page goes into the same parameter; without either the newest come first and
    ``next`` goes into ``before``.
    """
    values = {"channel_id": channel_id, "rows": limit + 1}
    if after is not None:
        posts = read_posts(NEWER_OF_CHANNEL, after=after, **values)
    elif before is not None:
        posts = read_posts(OLDER_OF_CHANNEL, before=before, **values)
    else:
        posts = read_posts(NEWEST_OF_CHANNEL, **values)
    return cut(posts, limit, lambda post: post.id)


def search(
    place: ColumnElement[bool], text: str, limit: int, before: int | None = None
) -> Page[Post]:
    """Messages that contain ``text`` literally, newest first.

    Args:
        place: where to look: a condition on ``messages.c.channel_id``.
        text: what to look for; wildcards of LIKE in it are plain characters.
    """
    statement = POSTS.where(place, messages.c.content.icontains(text, autoescape=True))
    values = {"rows": limit + 1}
    if before is not None:
        statement = statement.where(OLDER)
        values["before"] = before
    posts = read_posts(statement.order_by(BACKWARDS).limit(ROWS), **values)
    return cut(posts, limit, lambda post: post.id)
