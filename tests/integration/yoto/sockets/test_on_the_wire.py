"""Acts of clients of any kind on a worker's sockets, tried byte by byte."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.support.raw_sockets import BINARY, CONTINUED, TEXT, RawSocket
from tests.support.redis_servers import start_valkey
from tests.support.serving import Serving, serving

MOST, OF_ONE = 6, 4
LIMIT = 64 * 1024
JOIN_SECONDS = 3.0
OTHER, THIRD = "127.0.0.2", "127.0.0.3"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One worker, as by default, that takes few sockets, and has little patience."""
    few = {
        "YOTO_ASYNC_MODE": "eventlet",
        "YOTO_SOCKETS_MAX": str(MOST),
        "YOTO_SOCKETS_PER_ADDRESS": str(OF_ONE),
        "YOTO_SOCKETS_JOIN_SECONDS": str(JOIN_SECONDS),
        "YOTO_SOCKETS_PING_INTERVAL": "1",
        "YOTO_SOCKETS_PING_TIMEOUT": "6",
    }
    with start_valkey() as redis:
        with serving(tmp_path_factory.mktemp("instance"), redis, **few) as found:
            yield found


@pytest.fixture(scope="module")
def token(served: Serving) -> str:
    return served.tokens("wire", 1)[0]


@pytest.fixture
def connect(served: Serving) -> Iterator[Callable[..., RawSocket]]:
    """Connects; all are closed, and forgotten by the worker, at the end."""
    made: list[RawSocket] = []

    def connected(query: str = "", source: str = "127.0.0.1") -> RawSocket:
        made.append(RawSocket(served.url, query, source))
        return made[-1]

    yield connected
    for one in made:
        one.flood(lambda one=one: one.say("1"), 1)
        with suppress(OSError):  # a flooded one may have no room left to be told by
            one.is_ended()
        one.close()


@pytest.fixture
def joined(connect: Callable[..., RawSocket], token: str) -> RawSocket:
    """Somebody's socket, in the namespace."""
    found = connect()
    found.say("40/control," + json.dumps({"token": token}))
    found.hear_until("40/control,")
    return found


def answer_of(socket: RawSocket) -> str:
    """The answer to an event: the connection goes on."""
    socket.say('42/control,7["request_status"]')
    return socket.hear_until("43/control,7")


@pytest.mark.parametrize(
    "header", ['45999999999-/control,["x"]', '451-/control,["x",{}]', "461-/control,1[]"]
)
def test_who_announces_attachments_is_ended_before_the_first(
    joined: RawSocket, header: str
) -> None:
    joined.say(header)
    # Without this, each is kept until all that were announced are there.
    joined.flood(lambda: joined.frame(bytes(LIMIT - 1), BINARY), 100)
    assert joined.is_ended()


@pytest.mark.parametrize(
    "packet",
    [
        '45999999999-/control,["x"]',
        "47/control,",
        "42/control,",
        "42/control,[]",
        "42/control,[3]",
        '42/control,{"a":1}',
        '4{"a":1}',
        "4",
        "43/control,1",
    ],
)
def test_what_is_no_packet_ends_the_connection(joined: RawSocket, packet: str) -> None:
    joined.say(packet)
    assert joined.is_ended()


def test_a_binary_message_ends_the_connection(joined: RawSocket) -> None:
    joined.frame(b"anything", BINARY)
    assert joined.is_ended()


def test_a_frame_of_more_than_the_limit_ends_the_connection(joined: RawSocket) -> None:
    fits = '42/control,["unsubscribe",{"topics":["' + "x" * 60_000 + '"]}]'
    joined.say(fits)
    assert '"ok"' in answer_of(joined)
    joined.flood(lambda: joined.say("42" + "x" * LIMIT), 1)
    assert joined.is_ended()


@pytest.mark.parametrize("piece", [b"x" * 16_000, b""])
def test_pieces_of_a_message_without_end_end_the_connection(
    joined: RawSocket, piece: bytes
) -> None:
    joined.frame(b"42", TEXT, final=False)
    pieces = 2 * LIMIT // max(1, len(piece))
    joined.flood(lambda: joined.frame(piece, CONTINUED, final=False), pieces)
    assert joined.is_ended()


def test_a_message_in_pieces_that_fits_is_heard(joined: RawSocket) -> None:
    for _ in range(3):  # each message is counted by itself
        joined.frame(b'42/control,7["request', TEXT, final=False)
        joined.frame(b"_status", CONTINUED, final=False)
        joined.frame(b'"]' + b" " * 30_000, CONTINUED)
        joined.hear_until("43/control,7")


def test_a_worker_takes_no_more_sockets_than_it_may_and_one_address_fewer(
    connect: Callable[..., RawSocket],
) -> None:
    for _ in range(OF_ONE):
        connect()
    with pytest.raises(ConnectionError, match="(?s)503.*Retry-After"):
        connect()
    for _ in range(MOST - OF_ONE):
        connect(source=OTHER)
    with pytest.raises(ConnectionError, match="503"):
        connect(source=THIRD)


def test_who_joins_nothing_is_ended_and_who_joined_stays(
    connect: Callable[..., RawSocket], joined: RawSocket
) -> None:
    silent, refused, nowhere = connect(), connect(), connect()
    refused.say('40/control,{"token":"nonsense"}')
    assert refused.hear_until("44/control,")
    nowhere.say("40")
    assert "Unable to connect" in nowhere.hear_until("44")
    began = time.monotonic()
    for one in (silent, refused, nowhere):
        while (said := one.hear()) is not None:
            one.say("3" if said == "2" else "")
    assert time.monotonic() - began < 3 * JOIN_SECONDS + 5
    assert '"ok":true' in answer_of(joined)


def test_tries_to_join_are_paced_since_each_asks_the_database(
    connect: Callable[..., RawSocket],
) -> None:
    socket = connect()
    tried = '40/control,{"token":"yoto_api_nonsense"}'
    socket.say(tried)
    # Heard before the flood: a connection that is closed at once loses answers not yet read.
    socket.hear_until("44/control,")
    socket.flood(lambda: socket.say(tried), 100)
    answers = 0
    while (said := socket.hear()) is not None:
        answers += said.startswith("44/control,")
    assert answers < 40


@pytest.mark.parametrize(
    "packet", ['42/control,["nonsense"]', '42/nowhere,["x"]', "43/control,9[]"]
)
def test_packets_that_no_handler_hears_are_paced_too(joined: RawSocket, packet: str) -> None:
    joined.flood(lambda: joined.say(packet), 2_000)
    assert joined.is_ended()


def test_who_answers_pings_stays_and_who_does_not_is_ended(
    connect: Callable[..., RawSocket], joined: RawSocket, token: str
) -> None:
    deaf = connect()
    deaf.say("40/control," + json.dumps({"token": token}))
    deaf.hear_until("40/control,")
    joined.hear_until("2")
    joined.say("3")
    assert deaf.is_ended()
    assert '"ok":true' in answer_of(joined)


def test_cutting_a_websocket_that_began_by_polling_leaves_the_other_connection_alone(
    served: Serving, connect: Callable[..., RawSocket], token: str
) -> None:
    address = urlsplit(served.url)
    polling = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)

    def ask(method: str, path: str, body: str | None = None) -> str:
        polling.request(method, path, body)
        return polling.getresponse().read().decode()

    where = "/socket.io/?EIO=4&transport=polling"
    sid = json.loads(ask("GET", where)[1:])["sid"]
    assert ask("POST", f"{where}&sid={sid}", "40/control," + json.dumps({"token": token})) == "OK"
    assert "40/control," in ask("GET", f"{where}&sid={sid}")
    socket = connect(f"&sid={sid}")
    socket.say("2probe")
    assert socket.hear() == "3probe"
    socket.say("5")
    assert '"ok":true' in answer_of(socket)
    before = polling.sock
    socket.flood(lambda: socket.say('42/control,["nonsense"]'), 2_000)
    assert socket.is_ended()
    # The same connection: the client, or a proxy for somebody else, goes on using it.
    assert ask("GET", "/livez") and polling.sock is before and before is not None
    polling.close()
