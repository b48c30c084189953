"""requests: ``session.mount("https://", Adapter())``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.util import Timeout

from yoto.rooms.calls.adapters.urllib3 import cut
from yoto.rooms.calls.sending import headers_for


class Adapter(HTTPAdapter):
    """Sends requests that end with the deadline at hand.

    They take its milliseconds and the number of the retry along, and nothing is sent after it.
    Leave ``max_retries`` at 0: ``@calls`` repeats, within its budget. A time-out holds for each
    read of the socket, not for the whole answer, which ``@calls(timeout=)`` gives up.
    """

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Response:
        """As the method that it overrides; ``timeout`` in seconds.

        Raises:
            DeadlineExceeded: the deadline has passed.
            requests.Timeout: the deadline came while it waited.
        """
        # A session makes the request after a redirect of this one, and that has headers of its own.
        sent = request.copy()
        sent.headers.update(
            headers_for(cast(str, request.method), cast(Mapping[str, str], request.headers))
        )
        if isinstance(timeout, tuple):
            connect, read = timeout
            timeout = Timeout(connect=connect, read=read)
        elif not isinstance(timeout, Timeout):
            timeout = Timeout(connect=timeout, read=timeout)
        return super().send(sent, stream, cast(Any, cut(timeout)), *args, **kwargs)
