"""Page tokens: the point to go on from, and the search.

A token is no secret and needs no signature, since it only moves the start of a search that its
bearer is allowed to make. The digest distinguishes tokens of other searches.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from yoto.cache import NodeId
from yoto.rooms.authzen.wire import Object, malformed


def token_of(after: NodeId | None, document: Object) -> str:
    """The token of the page after ``after``; for None an empty one, which means the end."""
    return "" if after is None else f"{after}.{_digest(document)}"


def start_of(token: str | None, document: Object, read: Callable[[str], Any]) -> Any:
    """The point from which a search goes on; None: the beginning.

    Args:
        read: parses the text of a token; returns None for a text of no token.

    Raises:
        BadRequest: it is no token of this search.
    """
    if token is None:
        return None
    after, _, digest = token.rpartition(".")
    start = read(after) if digest == _digest(document) else None
    if start is None:
        raise malformed("page.token", "is not what a page of this search gave")
    return start


def _digest(document: Object) -> str:
    search = {key: value for key, value in document.items() if key != "page"}
    text = json.dumps(search, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
