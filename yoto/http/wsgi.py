"""Shared parts of WSGI middleware: its type, and the problems that it sends by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

# RFC 9457.
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:yoto:problem:"

# Restrictions for browsers, in rejections of our own as well. No inline script or style, no other
# host; the sockets of the pages go to their own host only.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)

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
        slug, detail, fields: as in ``yoto.http.problems.problem``.
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
