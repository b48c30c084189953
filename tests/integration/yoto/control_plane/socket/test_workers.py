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

import psutil
import pytest
import socketio

from app.auth.passwords import passwords
from tests.support.control_sockets import NAMESPACE, FaithfulSocket
from tests.support.lean_sockets import LeanSocket, listen
from tests.support.links import link_to
from tests.support.operators import OPERATE, VIEW, operator_named
from tests.support.redis_servers import Server, start_valkey
from tests.support.require import LONG
from tests.support.serving import Serving, serving
from tests.support.waiting import wait_until
from yoto.events import EventStream, TaskProgressed, position
from yoto.fleet import Roster
from yoto.redis import RedisConnection, RedisSettings

CLIENTS, RATE, SECONDS = 20, 50, 3.0
CUT_SECONDS = 30.0
PASSWORD = "correct horse battery"
TASK = "a-test"


@pytest.fixture(scope="module")
def own_redis() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, own_redis: Server) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("instance"), own_redis, "--workers", "2") as found:
        yield found


def publish(stream: EventStream, count: int, rate: float = 0.0, text: str = "") -> None:
    """Events that hold their number and ``text``, or the moment they were published.

    The platform itself publishes none of their type here: nothing is warmed. On a busy machine it
    publishes losses of a store.
    """
    began = time.monotonic()
    for number in range(count):
        if rate:
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
        step = text or str(time.time())
        assert stream.publish(TaskProgressed(task_id=TASK, task=TASK, step=step, done=number))


def is_own(event: dict[str, Any]) -> bool:
    return bool(event["type"] == "task.progress" and event["data"]["task_id"] == TASK)


@LONG
def test_many_clients_get_every_event_soon(served: Serving) -> None:
    total = round(RATE * SECONDS)
    numbers: list[list[int]] = [[] for _ in range(CLIENTS)]
    times: list[float] = []

    def hears(mine: list[int]) -> Any:
        def heard(name: str, data: Any, now: float) -> None:
            if name == "permission_event" and is_own(data):
                mine.append(data["data"]["done"])
                times.append(now - float(data["data"]["step"]))

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


@LONG
def test_who_is_cut_for_half_a_minute_hears_each_event_once_and_in_order(served: Serving) -> None:
    token, other = served.tokens("cut", 2)
    port = int(served.url.rpartition(":")[2])
    with link_to(port) as near, link_to(port) as far:
        cut = FaithfulSocket(f"http://{near.address}", token, ["task.*"])
        gone = FaithfulSocket(f"http://{far.address}", other, ["task.*"])
        publish(served.stream, 1, text="before")
        for one in (cut, gone):
            one.wait_for("permission_event")
        began = time.monotonic()
        near.half_open()
        far.half_open()
        publish(served.stream, 1_000, rate=1_000 / CUT_SECONDS, text="away")
        assert (
            time.monotonic() - began >= CUT_SECONDS - 1 and len(cut.heard("permission_event")) == 1
        )
        near.heal()
        heard = cut.wait_for("permission_event", 1_001)
        publish(served.stream, 1, text="after")
        heard = cut.wait_for("permission_event", 1_002)
        texts = [one["data"]["step"] for one in heard]
        assert texts == ["before", *["away"] * 1_000, "after"]
        assert [one["data"]["done"] for one in heard[1:-1]] == list(range(1_000))
        assert cut.heard("gap") == [] and cut.connects == 2
        # The other is away until the stream has forgotten what it saw.
        short = EventStream(served.stream._redis, "a-test-2-ab", max_length=200)
        publish(short, 400, text="trimmed")
        info = served.stream.info()
        seen = gone.heard("permission_event")[-1]["id"]
        assert info.first_id is not None and position(info.first_id) > position(seen)
        far.heal()
        gone.wait_for("gap")
        publish(served.stream, 1, text="live")
        wait_until(lambda: gone.heard("permission_event")[-1]["data"]["step"] == "live")
        (gap,) = gone.heard("gap")
        assert (gap["after"], gap["reason"]) == (seen, "trimmed")
        # One for each subscription, and one after the gap.
        assert [name for name, _ in gone.messages if name != "permission_event"] == [
            "snapshot",
            "snapshot",
            "gap",
            "snapshot",
        ]
        assert [one["data"]["step"] for one in gone.heard("permission_event")] == [
            "before",
            "live",
        ]
        assert gone.heard("snapshot")[-1]["last_event_id"] == gap["resumed_at"]
        for one in (cut, gone):
            one.close()


def test_who_does_not_read_is_cut_off_and_memory_stays(served: Serving, own_redis: Server) -> None:
    (token,) = served.tokens("deaf", 1)
    with RedisConnectionOf(own_redis) as roster:

        def live(name: str) -> dict[str, int]:
            return {one.id: one.facts[name] for one in roster.all() if one.state == "live"}

        wait_until(lambda: not any(live("sockets").values()), 30, "the end of other connections")
        deaf = LeanSocket(served.url, token, ["events"], lambda *_: None)
        assert listen([deaf], lambda: deaf.subscribed, 30)
        # Its worker says so: that it is counted no more means something then.
        wait_until(lambda: sum(live("sockets").values()) == 1, 30, "the connection")
        before = live("memory_bytes")
        processes = [psutil.Process(int(pid.split("-")[-2])) for pid in before]
        highest = {one.pid: one.memory_info().rss for one in processes}
        began = dict(highest)
        # Far more than the kernel holds for a connection.
        for _ in range(60):
            publish(served.stream, 50, text="x" * 8_000)
            for one in processes:
                highest[one.pid] = max(highest[one.pid], one.memory_info().rss)
        wait_until(lambda: not any(live("sockets").values()), 30, "the end of the connection")
    grown = max(highest[pid] - began[pid] for pid in began)
    print(f"memory grew by {grown / 1e6:.1f} MB at most")
    assert grown < 60e6
    # Packets that were sent and not read come first; then the connection is over.
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
    transport = client.eio.ws
    assert page.call(f"/instances/{first}/drain", {"reason": "a test"})["acknowledged"] is True
    try:
        wait_until(lambda: any(name == "goodbye" for name, _ in list(heard)), 10)
        wait_until(lambda: NAMESPACE in client.namespaces and client.connected, 20)
        transport.shutdown()  # the library leaves it to the garbage collector
        assert answering() != first
        states = {one["id"]: one["state"] for one in page.call("/instances")["items"]}
        assert states[first] == "draining"
    finally:
        found = page.call(f"/instances/{first}/resume", {"reason": "the test is over"})
    assert found["instance"]["state"] == "live"
    client.disconnect()
