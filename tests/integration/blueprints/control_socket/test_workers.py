"""Real workers, real connections."""

from __future__ import annotations

import http.cookiejar
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from statistics import quantiles
from typing import Any

import pytest
import socketio

from app.core.events import EventStream, StoreLost
from app.core.fleet import Roster
from app.core.redis import RedisConnection, RedisSettings
from app.http.passwords import passwords
from tests.support.control_sockets import NAMESPACE, RealSocket
from tests.support.lean_sockets import LeanSocket, listen
from tests.support.operators import OPERATE, VIEW, operator_named
from tests.support.redis_servers import Server, start_valkey, wait_until
from tests.support.serving import Serving, serving

CLIENTS, RATE, SECONDS = 20, 50, 3.0
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def own_redis() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, own_redis: Server) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("instance"), own_redis, "--workers", "2") as found:
        yield found


def publish(stream: EventStream, count: int, rate: float = 0.0, text: str = "") -> None:
    """Events that hold their number and the moment they were published."""
    began = time.monotonic()
    for number in range(count):
        if rate:
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
        assert stream.publish(StoreLost(store=str(number), cause=text or str(time.time())))


def test_many_clients_get_every_event_soon(served: Serving) -> None:
    total = round(RATE * SECONDS)
    numbers: list[list[int]] = [[] for _ in range(CLIENTS)]
    times: list[float] = []

    def hears(mine: list[int]) -> Any:
        def heard(name: str, data: Any, now: float) -> None:
            if name == "permission_event" and data["type"] == "store.lost":
                mine.append(int(data["data"]["store"]))
                times.append(now - float(data["data"]["cause"]))

        return heard

    tokens = served.tokens("many", CLIENTS)
    sockets = [
        LeanSocket(served.url, token, ["events"], hears(mine))
        for token, mine in zip(tokens, numbers, strict=True)
    ]
    assert listen(sockets, lambda: all(one.subscribed for one in sockets), 30)
    publisher = threading.Thread(target=publish, args=(served.stream, total, RATE))
    publisher.start()
    assert listen(sockets, lambda: len(times) >= CLIENTS * total, 60)
    publisher.join()
    assert numbers == [list(range(total))] * CLIENTS
    p99 = quantiles(times, n=100)[98]
    print(f"{CLIENTS} clients, {RATE} events/s: p99 {p99 * 1000:.1f} ms")
    for one in sockets:
        one.close()


def test_who_was_cut_off_gets_what_happened_meanwhile(served: Serving) -> None:
    (token,) = served.tokens("cut", 1)
    socket = RealSocket(served.url, {"token": token})
    socket.subscribe("events", "status", types=["store.*"])
    publish(served.stream, 1, text="first")
    seen = socket.wait_for("permission_event")[-1]["id"]
    socket.client.eio.ws.sock.close()  # as a network does it
    publish(served.stream, 1_000, text="away")
    again = RealSocket(served.url, {"token": token})
    again.subscribe("events", types=["store.*"], last=seen)
    heard = again.wait_for("permission_event", 1_000)
    assert [int(one["data"]["store"]) for one in heard] == list(range(1_000))
    publish(served.stream, 1, text="live")
    assert again.wait_for("permission_event", 1_001)[-1]["data"]["cause"] == "live"
    assert again.heard("gap") == []
    again.close()


def test_who_does_not_read_is_cut_off_and_memory_stays(served: Serving, own_redis: Server) -> None:
    (token,) = served.tokens("deaf", 1)
    deaf = LeanSocket(served.url, token, ["events"], lambda *_: None)
    assert listen([deaf], lambda: deaf.subscribed, 30)
    with RedisConnectionOf(own_redis) as roster:
        before = {one.id: one.facts["memory_bytes"] for one in roster.all()}
        began = sum(one.facts["sockets"] for one in roster.all() if one.state == "live")
        # Far more than the kernel holds for a connection.
        text = "x" * 8_000
        publish(served.stream, 3_000, text=text)
        wait_until(
            lambda: sum(one.facts["sockets"] for one in roster.all() if one.state == "live")
            < max(began, 1),
            30,
            "the end of the connection",
        )
        after = {one.id: one.facts["memory_bytes"] for one in roster.all()}
    grown = max(after[one] - before[one] for one in before.keys() & after.keys())
    print(f"memory grew by {grown / 1e6:.1f} MB")
    assert grown < 60e6
    # What was sent and not read comes first; then the connection is over.
    assert listen([deaf], lambda: deaf.closed, 30)
    deaf.close()


class RedisConnectionOf:
    """The list of workers of a server."""

    def __init__(self, server: Server) -> None:
        self._connection = RedisConnection(RedisSettings(url=server.url, socket_timeout=2.0))

    def __enter__(self) -> Roster:
        return Roster(self._connection)

    def __exit__(self, *_: object) -> None:
        self._connection.close()


class Page:
    """A browser as far as a session goes."""

    def __init__(self, url: str, username: str) -> None:
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        form = {"csrf_token": self.token("/control/sign-in"), "username": username}
        self.send("/control/sign-in", {**form, "password": PASSWORD})

    def token(self, path: str) -> str:
        page = self._opener.open(self.url + path, timeout=20).read().decode()
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        return found[1]

    def send(self, path: str, form: dict[str, str]) -> None:
        data = urllib.parse.urlencode(form).encode()
        self._opener.open(self.url + path, data, timeout=20).close()

    def call(self, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json", "X-CSRF-Token": self.token("/control/")}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/control/api{path}", data, headers)
        with self._opener.open(request, timeout=20) as answer:
            return json.load(answer)

    def cookies(self, path: str) -> dict[str, str]:
        """The header that a browser sends to a path."""
        request = urllib.request.Request(self.url + path)
        self.jar.add_cookie_header(request)
        found = request.get_header("Cookie")
        return {} if found is None else {"Cookie": found}


@pytest.fixture(scope="module")
def page(served: Serving) -> Page:
    """Somebody signed in who may look and act."""
    with served.app.app_context():
        stored = passwords().hash(PASSWORD)
    operator_named(served.world, "olga", VIEW, OPERATE, password_hash=stored)
    return Page(served.url, "olga")


def test_a_page_connects_by_its_cookie_and_a_page_of_another_site_does_not(
    served: Serving, page: Page
) -> None:
    cookies = page.cookies("/socket.io/")
    assert "yoto_session" in cookies["Cookie"]
    assert "yoto_session" not in page.cookies("/api/v1/users/me").get("Cookie", "")
    shown: list[Any] = []
    own, nobody = (
        LeanSocket(served.url, None, ["status"], lambda *said: shown.append(said), headers)
        for headers in ({**cookies, "Origin": served.url}, {"Origin": served.url})
    )
    assert listen([own, nobody], lambda: own.subscribed and nobody.closed, 30)
    assert shown[0][:1] == ("snapshot",) and shown[0][1]["topics"]["status"]["overall"] == "ok"
    own.close()
    nobody.close()
    with pytest.raises(ConnectionError, match="400"):
        LeanSocket(
            served.url, None, [], lambda *_: None, {**cookies, "Origin": "https://evil.example"}
        )
    forged = urllib.request.Request(
        f"{served.url}/socket.io/?EIO=4&transport=polling",
        headers={**cookies, "Origin": "https://evil.example"},
    )
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(forged, timeout=20)
    assert refusal.value.code == 400
    refusal.value.close()


def test_a_worker_that_drains_hands_its_sockets_to_another(served: Serving, page: Page) -> None:
    client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.1)
    heard: list[tuple[str, Any]] = []
    client.on("*", lambda name, data=None: heard.append((name, data)), namespace=NAMESPACE)
    (token,) = served.tokens("moved", 1)
    client.connect(
        served.url, auth={"token": token}, namespaces=[NAMESPACE], transports=["websocket"]
    )

    def answering() -> str:
        """The worker that the socket is with."""
        heard.clear()
        client.call("subscribe", {"topics": ["status"]}, namespace=NAMESPACE, timeout=20)
        wait_until(lambda: any(name == "snapshot" for name, _ in list(heard)))
        found = next(data for name, data in list(heard) if name == "snapshot")
        return str(found["topics"]["status"]["instance"])

    first = answering()
    assert page.call(f"/instances/{first}/drain", {"reason": "a test"})["acknowledged"] is True
    try:
        wait_until(lambda: any(name == "goodbye" for name, _ in list(heard)), 10)
        wait_until(lambda: NAMESPACE in client.namespaces and client.connected, 20)
        assert answering() != first
        states = {one["id"]: one["state"] for one in page.call("/instances")["items"]}
        assert states[first] == "draining"
    finally:
        found = page.call(f"/instances/{first}/resume", {"reason": "the test is over"})
    assert found["instance"]["state"] == "live"
    client.disconnect()
