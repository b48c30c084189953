"""Response headers that tell browsers what they must not do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response

# No inline script or style, no other host; the sockets of the pages go to their own host only.
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

HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
# Two years, as browsers' preload lists ask.
ENCRYPTED = (("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),)
NOT_KEPT = (("Cache-Control", "no-store"),)
STATIC = "/static/"
# By (encrypted, static): made once.
_BY_KIND = {
    (encrypted, static): HEADERS + encrypted * ENCRYPTED + (not static) * NOT_KEPT
    for encrypted in (False, True)
    for static in (False, True)
}
_NAMES = frozenset(name.lower() for name, _ in _BY_KIND[True, False])


def security_headers(path: str, scheme: str) -> tuple[tuple[str, str], ...]:
    """Those of an answer to a request for ``path``."""
    return _BY_KIND[scheme == "https", path.startswith(STATIC)]


class HeadedResponse(Response):
    """A response to which headers are added when it is sent, without a look at each of them.

    Attributes:
        added: names and values; of those in ``security_headers`` the response's own come first.
    """

    added: tuple[tuple[str, str], ...] = ()

    def get_wsgi_response(
        self, environ: dict[str, Any]
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        body, status, headers = super().get_wsgi_response(environ)
        own = [name.lower() for name, _ in headers if name.lower() in _NAMES]
        added = self.added
        if own:
            added = tuple(one for one in added if one[0].lower() not in own)
        return body, status, [*headers, *added]
