"""httpx: ``httpx.Client(transport=Transport())``."""

from __future__ import annotations

from typing import Any

from httpx import (
    AsyncBaseTransport,
    AsyncHTTPTransport,
    BaseTransport,
    HTTPTransport,
    Request,
    Response,
)

from yoto.rooms.calls.sending import headers_for, within

WAITS = ("connect", "read", "write", "pool")


def _in_time(request: Request) -> Request:
    # A new one: the client makes the request after a redirect of the one that it gave.
    headers = request.headers.copy()
    headers.update(headers_for(request.method, request.headers))
    own: dict[str, Any] = request.extensions.get("timeout", {})
    cut = {wait: within(own.get(wait)) for wait in WAITS}
    return Request(
        request.method,
        request.url,
        headers=headers,
        stream=request.stream,
        extensions={**request.extensions, "timeout": cut},
    )


class Transport(BaseTransport):
    """Sends requests that end with the deadline at hand.

    They take its milliseconds and the number of the retry along, and nothing is sent after it. A
    time-out holds for each read of the socket, not for the whole answer, which ``@calls(timeout=)``
    gives up.

    Raises:
        DeadlineExceeded: by a request, the deadline has passed.
        httpx.TimeoutException: by a request, the deadline came while it waited.
    """

    def __init__(self, wrapped: BaseTransport | None = None) -> None:
        """``wrapped``: what sends; None: ``httpx.HTTPTransport()``."""
        self._wrapped = HTTPTransport() if wrapped is None else wrapped

    def handle_request(self, request: Request) -> Response:
        return self._wrapped.handle_request(_in_time(request))

    def close(self) -> None:
        self._wrapped.close()


class AsyncTransport(AsyncBaseTransport):
    """As ``Transport``, for ``httpx.AsyncClient``."""

    def __init__(self, wrapped: AsyncBaseTransport | None = None) -> None:
        """``wrapped``: what sends; None: ``httpx.AsyncHTTPTransport()``."""
        self._wrapped = AsyncHTTPTransport() if wrapped is None else wrapped

    async def handle_async_request(self, request: Request) -> Response:
        return await self._wrapped.handle_async_request(_in_time(request))

    async def aclose(self) -> None:
        await self._wrapped.aclose()
