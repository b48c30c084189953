"""urllib3: ``Pools()`` instead of ``urllib3.PoolManager()``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from urllib3 import (
    BaseHTTPResponse,
    HTTPConnectionPool,
    HTTPHeaderDict,
    HTTPSConnectionPool,
    PoolManager,
)
from urllib3.util import Retry, Timeout

from yoto.rooms.calls.sending import headers_for, within


def cut(timeout: Timeout) -> Timeout:
    """A time-out that ends with the deadline at hand: to connect and to wait for the first byte.

    Raises:
        DeadlineExceeded: the deadline has passed.
    """
    made = timeout.clone()
    made.total = within(made.total if isinstance(made.total, int | float) else None)
    return made


class _Headers(HTTPHeaderDict):
    """Headers of one attempt; ``added`` are its own, which the next one must not take over."""

    added: tuple[str, ...] = ()

    def copy(self) -> Self:
        made = super().copy()
        made.added = self.added
        return made


class _InTime:
    """Of a pool: each hop of a redirect and each attempt of urllib3's own is an attempt here."""

    def urlopen(
        self: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *args: Any,
        **kw: Any,
    ) -> BaseHTTPResponse:
        given = self.headers if headers is None else headers
        sent = _Headers(given)
        for name in given.added if isinstance(given, _Headers) else ():
            sent.discard(name)
        added = headers_for(method, sent)
        sent.update(added)
        sent.added = tuple(added)
        timeout = kw.get("timeout", Timeout.DEFAULT_TIMEOUT)
        if timeout is Timeout.DEFAULT_TIMEOUT:
            timeout = self.timeout
        kw["timeout"] = cut(
            timeout if isinstance(timeout, Timeout) else Timeout.from_float(timeout)
        )
        # How long to wait for a connection of a pool that blocks.
        kw["pool_timeout"] = within(kw.get("pool_timeout"))
        answer: BaseHTTPResponse = super().urlopen(method, url, body, sent, *args, **kw)
        return answer


class HTTPPool(_InTime, HTTPConnectionPool):
    """Of ``Pools``, for ``http``."""


class HTTPSPool(_InTime, HTTPSConnectionPool):
    """Of ``Pools``, for ``https``."""


class Pools(PoolManager):
    """A ``urllib3.PoolManager`` whose requests end with the deadline at hand.

    They take its milliseconds and the number of the retry along, and nothing is sent after it. It
    repeats nothing but redirects, up to three, unless ``retries`` says otherwise: ``@calls`` does,
    within its budget. A time-out holds for each read of the socket, not for the whole answer, which
    ``@calls(timeout=)`` gives up.

    Raises:
        DeadlineExceeded: by a request, the deadline has passed.
        urllib3.exceptions.TimeoutError: by a request, the deadline came while it waited.
    """

    def __init__(
        self, num_pools: int = 10, headers: Mapping[str, str] | None = None, **connection: Any
    ) -> None:
        """Args as those of ``urllib3.PoolManager``."""
        # False, not 0: the error itself is raised, not one that counts attempts.
        once = Retry(None, connect=False, read=False, other=False, status=0, redirect=3)
        super().__init__(num_pools, headers, **{"retries": once, **connection})
        self.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}
