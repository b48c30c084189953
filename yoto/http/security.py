"""Response headers that restrict browsers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response

from yoto.http.wsgi import SECURITY_HEADERS

# Two years, as browsers' preload lists ask.
ENCRYPTED = (("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),)
NOT_KEPT = (("Cache-Control", "no-store"),)
STATIC = "/static/"
# No browser opens these as a page, which the other headers restrict: they would be a third of what
# a page loads.
NO_PAGES = (".js", ".css")
OF_ANY_FILE = ("X-Content-Type-Options", "Cross-Origin-Resource-Policy")
_OF_FILES = tuple(one for one in SECURITY_HEADERS if one[0] in OF_ANY_FILE)
# By (encrypted, static): made once.
_BY_KIND = {
    (encrypted, static): SECURITY_HEADERS + encrypted * ENCRYPTED + (not static) * NOT_KEPT
    for encrypted in (False, True)
    for static in (False, True)
}
LENGTH = "content-length"
# Headers whose values are addresses, and statuses without a body.
ADDRESSES = frozenset({"location", "content-location"})
EMPTY = frozenset({204, 304})
_NAMES = frozenset(name.lower() for name, _ in _BY_KIND[True, False])


def security_headers(path: str, scheme: str) -> tuple[tuple[str, str], ...]:
    """The headers of a response for ``path``."""
    static = path.startswith(STATIC)
    if static and path.endswith(NO_PAGES):
        return _OF_FILES
    return _BY_KIND[scheme == "https", static]


class HeadedResponse(Response):
    """A response to which headers are added when it is sent, without a look at each of them.

    Attributes:
        added: names and values; of those in ``security_headers`` the response's own come first.
    """

    added: tuple[tuple[str, str], ...] = ()

    def get_wsgi_response(
        self, environ: dict[str, Any]
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """As the base class, which goes through all headers and copies them one by one."""
        own = {name.lower() for name, _ in self.headers}
        status = self.status_code
        if LENGTH in own and own.isdisjoint(ADDRESSES) and status >= 200 and status not in EMPTY:
            headers = list(self.headers)
        else:
            headers = self.get_wsgi_headers(environ).to_wsgi_list()
        added = self.added
        if not own.isdisjoint(_NAMES):
            added = tuple(one for one in added if one[0].lower() not in own)
        return self.get_app_iter(environ), self.status, [*headers, *added]
