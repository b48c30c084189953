"""Page tokens: where to go on, and in which search.

A token is no secret and needs no signature: it only moves the start of a search that its bearer is
allowed to make. The digest tells a token of another search from one of this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from yoto.cache import NodeId
from yoto.rooms.authzen.wire import Object, malformed


def token_of(after: NodeId | None, document: Object) -> str:
    """The token of the page after ``after``; the empty one, which means the end, for None."""
    return "" if after is None else f"{after}.{_digest(document)}"


def start_of(token: str | None, document: Object, read: Callable[[str], Any]) -> Any:
    """Where a search goes on; None: at the beginning.

    Args:
        read: what a text is that a token was made of; None: no token was.

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
