"""What middleware of WSGI shares: its type, and the problems that it answers by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from yoto.http.browser_headers import SECURITY_HEADERS

# Where the request's environment has the id that the request is called by.
REQUEST_ID_KEY = "yoto.request_id"
# RFC 9457.
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:yoto:problem:"

Wsgi = Callable[..., Iterable[bytes]]


def title_of(slug: str) -> str:
    """The title of a problem."""
    return slug.replace("-", " ").capitalize()


def answer_problem(
    start_response: Callable[..., Any],
    status: str,
    slug: str,
    detail: str,
    *headers: tuple[str, str],
    **fields: Any,
) -> Iterable[bytes]:
    """Answer with a problem where the application, which has more to say, is not reached.

    Args:
        status: of HTTP, with its phrase.
        slug, detail, fields: as those of ``yoto.http.problems.problem``.
    """
    body = {
        "type": f"{TYPE_PREFIX}{slug}",
        "title": title_of(slug),
        "status": int(status[:3]),
        "detail": detail,
        **fields,
    }
    start_response(status, [("Content-Type", MEDIA_TYPE), *headers, *SECURITY_HEADERS])
    return [json.dumps(body).encode()]
