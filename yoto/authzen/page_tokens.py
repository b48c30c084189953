"""Page tokens: where to go on, and in which search.

A token is no secret and needs no signature: it only moves the start of a search that its bearer is
allowed to make. The digest tells a token of another search from one of this.
"""

from __future__ import annotations

import hashlib
import json
import re

from yoto.authzen.wire import Object, malformed
from yoto.http.fields import MAX_ID

_TOKEN = re.compile(r"([0-9]{1,19})\.([0-9a-f]{16})", re.ASCII)


def token_of(after: int | None, document: Object) -> str:
    """The token of the page after ``after``; the empty one, which means the end, for None."""
    return "" if after is None else f"{after}.{_digest(document)}"


def start_of(token: str | None, document: Object) -> int | None:
    """Where a search goes on; None: at the beginning.

    Raises:
        BadRequest: it is no token of this search.
    """
    if token is None:
        return None
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[1]) > MAX_ID or match[2] != _digest(document):
        raise malformed("page.token", "is not what a page of this search gave")
    return int(match[1])


def _digest(document: Object) -> str:
    search = {key: value for key, value in document.items() if key != "page"}
    text = json.dumps(search, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
