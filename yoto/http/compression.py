"""Compresses responses for operators (RFC 9110, section 8.4).

An attacker who makes a browser fetch a page with text of theirs in it, and sees how long the
compressed answer is, guesses a secret in it letter by letter (BREACH, CVE-2013-3587). So an answer
is compressed only where the request was made by no page of another site: the browser says so
(``Sec-Fetch-Site``), or it brings no cookie, and then there is no secret to guess.
"""

from __future__ import annotations

import gzip

from flask import Request, Response, request

SMALLEST = 1_024  # bytes of a body
LEVEL = 5  # a page in 1 ms; higher ones gain some hundred bytes
TYPES = frozenset({"text/html", "application/json"})
OWN_SITE = frozenset({"same-origin", "none"})


def accepts_gzip(asked: Request) -> bool:
    """Whether the client takes gzip."""
    return bool(asked.accept_encodings["gzip"] > 0)


def compress(answer: Response) -> Response:
    """The response, compressed where that is safe and of use. Streams are left as they are.

    An entity tag stays what it is, a version that ``If-Match`` names: no cache keeps these
    responses, so that none confuses their forms.
    """
    if (
        answer.mimetype not in TYPES
        or answer.status_code != 200
        or answer.is_streamed
        or "Content-Encoding" in answer.headers
    ):
        return answer
    answer.vary.add("Accept-Encoding")
    body = answer.get_data()
    if len(body) < SMALLEST or not accepts_gzip(request) or not _by_own_site(request):
        return answer
    answer.set_data(gzip.compress(body, LEVEL, mtime=0))
    answer.headers["Content-Encoding"] = "gzip"
    return answer


def _by_own_site(asked: Request) -> bool:
    site = asked.headers.get("Sec-Fetch-Site")
    return site in OWN_SITE if site is not None else "Cookie" not in asked.headers
