"""The model of Redis and a server: the same commands and scripts, the same replies and state."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import exceptions

from proof.simulation.redis_model.keyspace import CommandError
from proof.simulation.redis_model.server import Server as Model
from tests.support.redis_servers import Server
from yoto.optimization.lock import scripts as lock
from yoto.redis import Script, load_script
from yoto.resilience import scripts as guards
from yoto.rooms.queues.batch import scripts as queue

# The model's clock is the server's, read a moment later; times may differ by so much: ms, us.
LATE_MS, LATE_US = 5_000, 5_000_000
# Numbers below are no moments.
COUNTS = 10_000
STRETCH = re.compile(rb"(\w+):\d")
ID = re.compile(rb"\d{13,}-\d+")
DIGITS = re.compile(rb"(\d+)")

# A script's name, or nothing for a command; its text would make every report unreadable.
Step = tuple[str, list[bytes]]
SCRIPTS: dict[str, Script] = {}

_LOG = "yoto.cache.lua"
APPEND, LISTEN, STORE = (load_script(_LOG, f"{one}.lua") for one in ("append", "listen", "store"))
PUBLISH_ONCE = load_script("yoto.events.lua", "publish_once.lua")


class Pair:
    """A server and the model, which are told the same."""

    def __init__(self, server: redis.Redis) -> None:
        server.flushall()
        self._connection = server.connection_pool.get_connection()
        self._now = 0
        self._model = Model(lambda: self._now)
        # Each gives ids by its own clock: steps name them by their number.
        self._ids: tuple[list[bytes], list[bytes]] = ([], [])

    def check(self, script: str, arguments: Sequence[bytes]) -> Any:
        """Both give the same reply, which is the server's."""
        asked = [list(arguments), list(arguments)]
        for side, ids in enumerate(self._ids):
            for at, one in enumerate(arguments):
                if one.startswith(b"#") and ids:
                    asked[side][at] = ids[int(one[1:]) % len(ids)]
        theirs = self._ask(self._theirs, script, asked[0])
        seconds, microseconds = self._theirs([b"TIME"])
        self._now = int(seconds) * 1_000_000 + int(microseconds)
        ours = self._ask(self._model.execute, script, asked[1])
        if asked[0] == [b"HGETALL", key("q:counts")]:
            theirs, ours = summed(theirs), summed(ours)
        if asked[0][0] == b"PTTL" and min(theirs, ours) >= 0:
            # However short a life is, it is a moment's; below 0 there is none.
            same = abs(theirs - ours) < LATE_MS
        else:
            same = alike(theirs, ours)
        assert same, f"{script} {asked}: {theirs!r}, not {ours!r}"
        for ids, reply in zip(self._ids, (theirs, ours), strict=True):
            ids += [one for one in ID.findall(flat(reply)) if one not in ids]
        return theirs

    def check_state(self) -> None:
        """Both hold the same."""
        for name in sorted(self._theirs([b"KEYS", b"*"])):
            for command in contents(name, self._theirs([b"TYPE", name])):
                self.check("", command)
            if name == key("q:stream"):
                pending = [b"XPENDING", name, b"workers", b"-", b"+", b"99"]
                rows = [execute(pending) for execute in (self._theirs, self._model.execute)]
                owners, ours = ([(row[1], row[3]) for row in each] for each in rows)
                assert owners == ours

    def _ask(self, execute: Any, name: str, arguments: list[bytes]) -> Any:
        if not name:
            return execute(arguments)
        script = SCRIPTS[name]
        execute([b"SCRIPT", b"LOAD", script.source.encode()])
        return execute([b"EVALSHA", script.sha.encode(), *arguments])

    def _theirs(self, command: Sequence[bytes]) -> Any:
        try:
            self._connection.send_command(*command)
            return self._connection.read_response()
        except exceptions.ResponseError as error:
            return error


def contents(name: bytes, kind: bytes) -> list[list[bytes]]:
    whole = {
        b"string": [b"GET", name],
        b"hash": [b"HGETALL", name],
        b"set": [b"SCARD", name],
        b"zset": [b"ZRANGE", name, b"0", b"-1", b"WITHSCORES"],
        b"stream": [b"XRANGE", name, b"-", b"+"],
    }
    return [whole[kind], [b"PTTL", name]]


def flat(reply: Any) -> bytes:
    return b" ".join(map(flat, reply)) if isinstance(reply, list) else b"%a" % (reply,)


def alike(theirs: Any, ours: Any) -> bool:
    """Equal, but for moments, which may be a little apart."""
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(alike, theirs, ours))
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        return isinstance(theirs, exceptions.ResponseError) and isinstance(ours, CommandError)
    if isinstance(theirs, bytes) and isinstance(ours, bytes):
        theirs, ours = in_order(theirs), in_order(ours)
        # Entries of one ms for one are of two for the other.
        parts = [
            DIGITS.split(ID.sub(lambda one: one[0].split(b"-")[0], each)) for each in (theirs, ours)
        ]
        same = parts[0][::2] == parts[1][::2]
        return same and all(map(alike, map(int, parts[0][1::2]), map(int, parts[1][1::2])))
    if isinstance(theirs, int) and isinstance(ours, int) and max(theirs, ours) > COUNTS:
        return abs(theirs - ours) < (LATE_US if theirs > 1e14 else LATE_MS)
    return bool(theirs == ours)


def summed(counts: list[Any]) -> list[Any]:
    """Sums of two seconds each (``in:6``, ``898112542 8``) as one: a call at their border is in one
    of them by the server's clock, and in the next by the model's."""
    kept: list[Any] = []
    sums = Counter[bytes]()
    for name, value in zip(counts[::2], counts[1::2], strict=True):
        stretch = STRETCH.fullmatch(name)
        if stretch is None:
            kept += [name, value]
        else:
            sums[stretch[1]] += int(value.split()[1])
    return [*kept, *chain.from_iterable(sorted(sums.items()))]


def in_order(text: bytes) -> bytes:
    """An object of JSON by its names: cjson has the order of Lua's tables, which is any."""
    if not text.startswith(b'{"'):
        return text
    return json.dumps(json.loads(text), sort_keys=True).encode()


def key(name: str) -> bytes:
    return f"{{t}}:{name}".encode()


def step(script: str, *parts: Any) -> st.SearchStrategy[Step]:
    """A call whose parts are drawn; lists are taken apart."""
    drawn = st.tuples(
        *(one if isinstance(one, st.SearchStrategy) else st.just(one) for one in parts)
    )

    def flatten(values: tuple[Any, ...]) -> Step:
        arguments: list[bytes] = []
        for value in values:
            arguments += value if isinstance(value, list) else [_text(value)]
        return script, arguments

    return drawn.map(flatten)


def _text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def called(script: Script, names: Sequence[str], *arguments: Any) -> st.SearchStrategy[Step]:
    SCRIPTS[script.name] = script
    return step(script.name, len(names), *map(key, names), *arguments)


MINUTE = 60_000
FEW = st.integers(0, 3)
OWNERS = st.sampled_from(["a.60000", "b.60000", "c.60000"])
IDS = FEW.map(lambda number: f"#{number}")
ANY = st.sampled_from([key(name) for name in ("string", "hash", "zset", "set")])
LOCK, WAITERS = ["lock", "fence", "waiters", "longer"], ["lock", "waiters"]
KIND = [f"q:{one}" for one in ("stream", "leases", "delayed", "counts", "dead", "letters")]
HOLDERS = ["holders", "queue", "alive"]

LOCKS = st.one_of(
    called(
        lock.ACQUIRE, LOCK, OWNERS, MINUTE, MINUTE, st.just(b""), st.sampled_from([0, 5000]), "wake"
    ),
    called(lock.RELEASE, LOCK[:3], b"1:none"),
    called(lock.EXTEND, LOCK[::3], b"1:none", MINUTE),
    called(lock.ABANDON, WAITERS, OWNERS, b""),
    called(lock.LOOK, WAITERS),
)
LOGS = st.one_of(
    called(APPEND, ["log", "n"], "user:1", 20, MINUTE, 0, 0, FEW),
    called(LISTEN, ["log", "n", "life"], 2000, 20, MINUTE, FEW, 0),
    called(STORE, ["entries"], FEW, IDS.map(lambda one: b"\1" + 10 * one[1].encode()), MINUTE, 3),
    called(PUBLISH_ONCE, ["events", "told"], "type", "me", "{}", 20, MINUTE, MINUTE),
)
QUEUES = st.one_of(
    called(queue.ENQUEUE, ["kinds", *KIND], "k", 9, 3, MINUTE, MINUTE, "payload", 0),
    called(queue.ENQUEUE, ["kinds", *KIND, "once"], "k", 9, 3, MINUTE, MINUTE, "payload", 1),
    called(queue.TAKE, KIND, OWNERS, FEW.map(lambda n: n + 1), 0, MINUTE, 3, 2, MINUTE, FEW),
    called(
        queue.SETTLE,
        KIND,
        OWNERS,
        st.sampled_from(["done", "retry", "later", "dead"]),
        "why",
        2,
        2,
        FEW.map(lambda n: n * MINUTE),
        FEW,
        IDS,
        FEW,
        st.sampled_from([0, MINUTE]),
    ),
    called(queue.RENEW, KIND, OWNERS, MINUTE, IDS, FEW),
    called(
        queue.BEAT,
        ["consumers", "kinds", *KIND],
        OWNERS,
        st.sampled_from(["", "me"]),
        MINUTE,
        MINUTE,
    ),
)
SLOTS = st.one_of(
    called(guards.BULKHEAD_ENTER, HOLDERS, OWNERS, FEW, 60_000_000),
    called(guards.BULKHEAD_WAIT, HOLDERS, OWNERS, FEW, 60_000_000, 60_000_000),
    called(guards.BULKHEAD_LEAVE, HOLDERS, OWNERS),
    called(guards.BULKHEAD_RENEW, HOLDERS[:1], 60_000_000, OWNERS),
    called(guards.BULKHEAD_ENROL, HOLDERS[:1], 60_000_000, OWNERS),
    called(guards.BULKHEAD_LOOK, HOLDERS[::2]),
)
PLAIN = st.one_of(
    step("", "SET", ANY, FEW, "PX", MINUTE),
    step("", "SET", ANY, FEW, "NX"),
    step("", "SET", ANY, FEW, "PXAT", st.sampled_from([1, 1 << 42])),
    step("", "GET", ANY),
    step("", "INCRBY", ANY, FEW),
    step("", "DEL", ANY, ANY),
    step("", "EXISTS", ANY, ANY),
    step("", "TYPE", ANY),
    step("", "PTTL", ANY),
    step("", "PEXPIRE", ANY, st.sampled_from([-1, MINUTE])),
    step("", "PEXPIREAT", ANY, st.sampled_from([1, 1 << 42]), "GT"),
    step("", "PEXPIRETIME", ANY),
    step("", "HSET", ANY, FEW, FEW, FEW, FEW),
    step("", "HGET", ANY, FEW),
    step("", "HMGET", ANY, FEW, FEW),
    step("", "HDEL", ANY, FEW, FEW),
    step("", "HINCRBY", ANY, FEW, FEW),
    step("", "HLEN", ANY),
    step("", "SADD", ANY, FEW, FEW),
    step("", "SREM", ANY, FEW),
    step("", "SCARD", ANY),
    step("", "ZADD", ANY, FEW, FEW, FEW, FEW),
    step("", "ZADD", ANY, st.sampled_from(["NX", "XX"]), FEW, FEW),
    step("", "ZREM", ANY, FEW),
    step("", "ZCARD", ANY),
    step("", "ZSCORE", ANY, FEW),
    step("", "ZRANK", ANY, FEW),
    step("", "ZCOUNT", ANY, st.sampled_from(["-inf", "(1", "1"]), st.sampled_from(["+inf", "(3"])),
    step("", "ZRANGE", ANY, FEW.map(lambda n: n - 1), FEW.map(lambda n: n - 2), "WITHSCORES"),
    step("", "ZRANGEBYSCORE", ANY, FEW, "+inf", "LIMIT", FEW, FEW),
    step("", "ZREMRANGEBYSCORE", ANY, "-inf", FEW),
    step("", "ZREMRANGEBYRANK", ANY, FEW.map(lambda n: n - 1), FEW.map(lambda n: n - 2)),
    step("", "ZPOPMIN", ANY, FEW),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(LOCKS, LOGS, QUEUES, SLOTS, PLAIN), max_size=40))
def test_the_model_does_what_a_server_does(valkey_server: Server, steps: list[Step]) -> None:
    with redis.Redis.from_url(valkey_server.url, protocol=2) as client:
        pair = Pair(client)
        for script, arguments in steps:
            pair.check(script, arguments)
        pair.check_state()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(QUEUES, min_size=20, max_size=60))
def test_its_queues_do_what_a_server_s_do(valkey_server: Server, steps: list[Step]) -> None:
    with redis.Redis.from_url(valkey_server.url, protocol=2) as client:
        pair = Pair(client)
        for script, arguments in steps:
            pair.check(script, arguments)
        pair.check_state()


def test_what_has_ended_is_not_there(valkey_server: Server) -> None:
    with redis.Redis.from_url(valkey_server.url, protocol=2) as client:
        pair = Pair(client)
        pair.check("", [b"SET", key("string"), b"1", b"PX", b"1"])
        pair.check("", [b"SET", key("other"), b"1", b"PX", b"60000"])
        deadline = time.monotonic() + 10
        while client.exists(key("string")):
            assert time.monotonic() < deadline
        for name in ("string", "other"):
            pair.check("", [b"GET", key(name)])
            pair.check("", [b"PTTL", key(name)])
