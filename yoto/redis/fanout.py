"""Commands for several servers, all sent before the first reply is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yoto.errors import StoreUnavailable
from yoto.redis.link import Link
from yoto.redis.node import CONNECTION_ERRORS, LINK_ERRORS, Node


def exchange_all(
    batches: Mapping[Node, Sequence[bytes]], check_idle: bool
) -> dict[Node, list[Any]]:
    """The replies of each node to its commands, in their order.

    Nothing is raised for a server that fails: an exception stands for each reply that did not come,
    as it does for each error reply.

    Args:
        batches: packed commands by the node that they are for.
        check_idle: as in ``Node.call``.
    """
    links: dict[Node, Link | Exception] = {}
    replies: dict[Node, list[Any]] = {}
    # Always in the same order, so that callers with one link each never wait for each other's.
    nodes = sorted(batches, key=lambda node: node.name)
    try:
        for node in nodes:
            links[node] = _send(node, b"".join(batches[node]), check_idle)
        for node in nodes:
            replies[node] = _read(node, links.pop(node), len(batches[node]))
    except BaseException:
        for node, link in links.items():
            if isinstance(link, Link):
                node.discard(link)
        raise
    return replies


def _send(node: Node, data: bytes, check_idle: bool) -> Link | Exception:
    try:
        link = node.take(check_idle)
    except (StoreUnavailable, *CONNECTION_ERRORS) as error:
        return error
    try:
        link.send(data)
    except OSError as error:
        return node.lost(link, error)
    except BaseException:
        node.discard(link)
        raise
    return link


def _read(node: Node, link: Link | Exception, count: int) -> list[Any]:
    if isinstance(link, Exception):
        return [link] * count
    replies: list[Any] = []
    try:
        while len(replies) < count:
            replies.append(link.read())
    except LINK_ERRORS as error:
        failure = node.lost(link, error)
        return replies + [failure] * (count - len(replies))
    except BaseException:
        node.discard(link)
        raise
    node.give(link)
    return replies
