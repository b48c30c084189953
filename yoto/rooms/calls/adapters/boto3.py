"""boto3: ``adapt(boto3.client("s3"))``."""

from __future__ import annotations

from typing import Any

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool

from yoto.rooms.calls.adapters.urllib3 import cut
from yoto.rooms.calls.sending import headers_for

# The protocols whose methods of HTTP say what a request does; the others send all by POST.
BY_METHOD = frozenset({"rest-json", "rest-xml"})


class _InTime:
    """Of a pool of botocore: its own time-outs, or those of a request, until the deadline."""

    def urlopen(self: Any, *args: Any, **kw: Any) -> Any:
        kw["timeout"] = cut(kw.get("timeout") or self.timeout)
        return super().urlopen(*args, **kw)


class _Pool(_InTime, AWSHTTPConnectionPool):
    pass


class _TLSPool(_InTime, AWSHTTPSConnectionPool):
    pass


def adapt(client: Any) -> None:
    """Let the requests of a client of boto3 or botocore end with the deadline at hand.

    They take its milliseconds and the number of the retry along, unsigned, so that a proxy may
    change them; nothing is sent after it. botocore repeats requests by itself, without a budget:
    ``Config(retries={"total_max_attempts": 1})`` leaves that to ``@calls``. Where a service takes
    all requests by POST, such as DynamoDB and SQS, the method does not say whether one may be
    repeated, and ``@calls(idempotent=True)`` does. A time-out holds for each read of the socket,
    not for the whole answer, which ``@calls(timeout=)`` gives up.

    Requests raise ``DeadlineExceeded`` after the deadline, and a ``ReadTimeoutError`` or
    ``ConnectTimeoutError`` of ``botocore.exceptions`` where it came while they waited.

    Args:
        client: ``boto3.client(...)``, or ``meta.client`` of a resource; once, at the beginning.
    """
    repeatable = None if client.meta.service_model.protocol in BY_METHOD else True

    def before_send(request: Any, **_: Any) -> None:
        for name, value in headers_for(
            request.method, request.headers, repeatable=repeatable
        ).items():
            request.headers[name] = value

    client.meta.events.register("before-send", before_send)
    # An event can set how long a request waits for its answer, in new versions of botocore, but not
    # how long for its connection. So two private attributes: what sends, and the classes of its
    # pools, those for proxies included.
    session = client._endpoint.http_session
    session._pool_classes_by_scheme.update(http=_Pool, https=_TLSPool)
    # Requests that were sent before left pools of other classes.
    session.close()
