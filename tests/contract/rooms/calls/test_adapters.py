"""Clients of HTTP with their adapters, and a server that answers, refuses and hangs."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import httpx
import pytest
import requests
import urllib3
from botocore import exceptions as botocore_exceptions
from botocore.config import Config
from flask import Flask

from tests.support.waiting import HOST, wait_until
from yoto import DeadlineExceeded, deadline, deadlines
from yoto.rooms.calls import TimedOut, calls
from yoto.rooms.calls.adapters.boto3 import adapt
from yoto.rooms.calls.adapters.httpx import AsyncTransport, Transport
from yoto.rooms.calls.adapters.requests import Adapter
from yoto.rooms.calls.adapters.urllib3 import Pools
from yoto.rooms.calls.quantile import ENOUGH
from yoto.rooms.calls.sending import DEADLINE, KEY, RETRY, headers_for

LONG = 60.0
SHORT = 0.3  # s: of a server that does not answer
Headers = Mapping[str, str]
Ask = Callable[[str, str, Headers], object]


@dataclass(frozen=True)
class Received:
    """A request that reached the server."""

    method: str
    path: str
    headers: dict[str, str]


class Service:
    """Notes each request; answers with these statuses one after the other, and then with 200."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        # None: it answers at once.
        self.released: threading.Event | None = None
        self.url = ""

    def said(self, name: str) -> list[str | None]:
        """A header of each request."""
        return [one.headers.get(name.lower()) for one in self.received]


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.received.append(Received(self.command, self.path, headers))
            if service.released is not None:
                service.released.wait(LONG)
                self.close_connection = True
                return
            status = service.statuses.pop(0) if service.statuses else 200
            if status == 302:
                # Until fewer milliseconds are left than the request says.
                time.sleep(0.005)
            self.send_response(status)
            for name, value in service.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    service.url = f"http://{HOST}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield service
    if service.released is not None:
        service.released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def deaf() -> Iterator[str]:
    """The address of a server that takes no connection, and refuses none."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind((HOST, 0))
        listening.listen(0)
        address = listening.getsockname()
        # Its queue has one place, and the kernel may lend another.
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield f"http://{HOST}:{address[1]}"


@dataclass(frozen=True)
class Client:
    """A client: how it asks, and what it raises for a refusal and for a time-out."""

    ask: Ask
    refused: type[Exception]
    timed_out: tuple[type[Exception], ...]


class Refused(Exception):
    """A response that urllib3 does not raise anything for."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        super().__init__(response.status)
        self.response = response


def by_requests(method: str, url: str, headers: Headers) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", Adapter())
        session.request(method, url, headers=dict(headers)).raise_for_status()


def by_urllib3(method: str, url: str, headers: Headers) -> None:
    with Pools() as pools:
        response = pools.request(method, url, headers=dict(headers))
    if response.status >= 400:
        raise Refused(response)


def by_httpx(method: str, url: str, headers: Headers) -> None:
    with httpx.Client(transport=Transport(), follow_redirects=True, timeout=LONG) as client:
        client.request(method, url, headers=dict(headers)).raise_for_status()


def by_async_httpx(method: str, url: str, headers: Headers) -> None:
    async def ask() -> None:
        transport = AsyncTransport()
        async with httpx.AsyncClient(
            transport=transport, follow_redirects=True, timeout=LONG
        ) as client:
            (await client.request(method, url, headers=dict(headers))).raise_for_status()

    asyncio.run(ask())


def aws(kind: str, url: str) -> Any:
    """A client of boto3 with its adapter."""
    client = boto3.client(
        kind,
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    adapt(client)
    return client


def by_boto3(method: str, url: str, headers: Headers) -> None:
    client = aws("s3", url)

    def add(params: Any, **_: Any) -> None:
        params["headers"].update(headers)

    client.meta.events.register("before-call", add)
    name = {"GET": "get_object", "POST": "create_multipart_upload"}[method]
    try:
        getattr(client, name)(Bucket="box", Key="thing")
    finally:
        client.close()


CLIENTS = {
    "requests": Client(by_requests, requests.HTTPError, (requests.Timeout,)),
    "urllib3": Client(by_urllib3, Refused, (urllib3.exceptions.TimeoutError,)),
    "httpx": Client(by_httpx, httpx.HTTPStatusError, (httpx.TimeoutException,)),
    "async httpx": Client(by_async_httpx, httpx.HTTPStatusError, (httpx.TimeoutException,)),
    "boto3": Client(
        by_boto3,
        botocore_exceptions.ClientError,
        (
            botocore_exceptions.ReadTimeoutError,
            botocore_exceptions.ConnectTimeoutError,
        ),
    ),
}


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    return CLIENTS[request.param]


@pytest.fixture(params=[one for one in CLIENTS if one != "boto3"])
def following(request: pytest.FixtureRequest) -> Client:
    """A client that follows redirects to any address."""
    return CLIENTS[request.param]


def test_the_service_is_told_what_is_left(client: Client, service: Service) -> None:
    with deadline(LONG):
        client.ask("GET", service.url, {})
    (said,) = service.said(DEADLINE)
    assert said is not None and 0 < int(said) <= LONG * 1000
    assert service.said(RETRY) == [None]


def test_and_nothing_where_there_is_no_deadline(client: Client, service: Service) -> None:
    client.ask("GET", service.url, {})
    assert service.said(DEADLINE) == [None]


def test_what_the_caller_says_is_passed_on_as_it_is(client: Client, service: Service) -> None:
    with deadline(LONG):
        client.ask("GET", service.url, {DEADLINE.lower(): "7"})
    assert service.said(DEADLINE) == ["7"]


def test_after_a_redirect_it_is_told_what_is_left_then(following: Client, service: Service) -> None:
    service.statuses, service.headers = [302], {"Location": f"{service.url}/there"}
    with deadline(LONG):
        following.ask("GET", f"{service.url}/here", {})
    assert [one.path for one in service.received] == ["/here", "/there"]
    first, second = service.said(DEADLINE)
    assert int(second or 0) < int(first or 0)


def test_a_server_that_does_not_answer_is_given_up_at_the_deadline(
    client: Client, service: Service
) -> None:
    service.released = threading.Event()
    began = time.monotonic()
    with deadline(SHORT), pytest.raises(client.timed_out):
        client.ask("GET", service.url, {})
    assert SHORT * 0.9 <= time.monotonic() - began < LONG / 2
    assert len(service.received) == 1


def test_so_is_one_that_takes_no_connection(client: Client, deaf: str) -> None:
    began = time.monotonic()
    with deadline(SHORT), pytest.raises(client.timed_out):
        client.ask("GET", deaf, {})
    assert SHORT * 0.9 <= time.monotonic() - began < LONG / 2


def test_nothing_reaches_the_server_after_the_deadline(client: Client, service: Service) -> None:
    with deadline(1e-6):
        wait_until(deadlines.has_passed)
        with pytest.raises(DeadlineExceeded):
            client.ask("GET", service.url, {})
    assert service.received == []


@pytest.fixture
def refusing(service: Service) -> Service:
    """Refuses one request, and asks for no pause."""
    service.statuses, service.headers = [503], {"Retry-After": "0"}
    return service


def again(name: str, client: Client) -> Ask:
    return calls(name, attempts=3, on=client.refused, idempotent=True)(client.ask)


def test_a_get_is_repeated_and_says_so(
    app: Flask, name: str, client: Client, refusing: Service
) -> None:
    again(name, client)("GET", refusing.url, {})
    assert refusing.said(RETRY) == [None, "1"]


def test_a_post_is_not_repeated(app: Flask, name: str, client: Client, refusing: Service) -> None:
    with pytest.raises(client.refused):
        again(name, client)("POST", refusing.url, {})
    assert [one.method for one in refusing.received] == ["POST"]


def test_a_post_with_a_key_is_repeated(
    app: Flask, name: str, client: Client, refusing: Service
) -> None:
    again(name, client)("POST", refusing.url, {KEY: "7"})
    assert refusing.said(KEY) == ["7", "7"]
    assert refusing.said(RETRY) == [None, "1"]


def test_a_call_that_is_given_up_sends_nothing_more(
    app: Flask, name: str, client: Client, service: Service
) -> None:
    service.released = threading.Event()
    ask = calls(name, timeout=SHORT, attempts=3, on=client.timed_out, idempotent=True)(client.ask)
    with pytest.raises((TimedOut, *client.timed_out)):
        ask("GET", service.url, {})
    assert len(service.received) == 1


def test_no_second_post_is_sent_beside_a_slow_one(app: Flask, name: str) -> None:
    released, slow = threading.Event(), threading.Event()
    begun: list[str] = []

    @calls(name, hedge=0.9, idempotent=True)
    def ask(method: str) -> None:
        begun.append(method)
        headers_for(method, {})
        if slow.is_set():
            released.wait(SHORT)

    for _ in range(ENOUGH):
        ask("GET")
    slow.set()
    begun.clear()
    ask("POST")
    assert begun == ["POST"]
    ask("GET")
    assert begun == ["POST", "GET", "GET"]
    released.set()


def test_a_coroutine_is_not_repeated_either(app: Flask, name: str) -> None:
    begun: list[str] = []

    @calls(name, attempts=3, on=ValueError, idempotent=True)
    async def ask(method: str) -> None:
        begun.append(method)
        headers_for(method, {})
        if len(begun) == 1:
            raise ValueError

    with pytest.raises(ValueError):
        asyncio.run(ask("POST"))
    assert begun == ["POST"]


@pytest.mark.parametrize(
    "timeout",
    [None, LONG, (LONG, LONG), (LONG, None), urllib3.Timeout(read=LONG), urllib3.Timeout(LONG)],
    ids=str,
)
def test_requests_takes_time_outs_of_all_its_kinds(service: Service, timeout: Any) -> None:
    service.released = threading.Event()
    with requests.Session() as session:
        session.mount("http://", Adapter())
        with deadline(SHORT), pytest.raises(requests.ReadTimeout):
            session.get(service.url, timeout=timeout)


def test_the_own_time_out_of_a_client_holds_where_it_comes_first(service: Service) -> None:
    service.released = threading.Event()
    began = time.monotonic()
    with requests.Session() as session, deadline(LONG):
        session.mount("http://", Adapter())
        with pytest.raises(requests.ReadTimeout):
            session.get(service.url, timeout=SHORT)
    with Pools(timeout=SHORT) as pools, deadline(LONG):
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            pools.request("GET", service.url)
    with httpx.Client(transport=Transport(), timeout=SHORT) as client, deadline(LONG):
        with pytest.raises(httpx.ReadTimeout):
            client.get(service.url)
    assert time.monotonic() - began < LONG / 2


def test_urllib3_waits_for_a_connection_until_the_deadline(service: Service) -> None:
    with Pools(maxsize=1, block=True) as pools:
        held = pools.request("GET", service.url, preload_content=False)
        with deadline(SHORT), pytest.raises(urllib3.exceptions.EmptyPoolError):
            pools.request("GET", service.url)
        held.release_conn()


def test_urllib3_repeats_what_its_caller_says_and_each_says_what_is_left(service: Service) -> None:
    service.statuses = [503, 503]
    retries = urllib3.Retry(3, status_forcelist=[503], backoff_factor=0.01)
    headers = urllib3.HTTPHeaderDict([("Accept", "one"), ("Accept", "two")])
    with Pools() as pools, deadline(LONG):
        assert pools.request("GET", service.url, headers=headers, retries=retries).status == 200
    first, second, third = service.said(DEADLINE)
    assert int(first or 0) >= int(second or 0) > int(third or 0)


def test_boto3_repeats_what_a_service_takes_by_post_alone(
    app: Flask, name: str, refusing: Service
) -> None:
    table = aws("dynamodb", refusing.url)

    @calls(name, attempts=2, on=botocore_exceptions.ClientError, idempotent=True)
    def ask() -> None:
        table.list_tables()

    ask()
    table.close()
    assert [one.method for one in refusing.received] == ["POST", "POST"]
    assert refusing.said(RETRY) == [None, "1"]


def test_boto3_does_not_sign_what_proxies_may_change(service: Service) -> None:
    with deadline(LONG):
        by_boto3("GET", service.url, {})
    (signature,) = service.said("Authorization")
    assert signature is not None and "SignedHeaders=" in signature
    assert DEADLINE.lower() not in signature
