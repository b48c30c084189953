"""A reply gets lost on its way; the call that is sent again takes one permit, not two."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from app.core.redis import RedisSettings
from app.core.resilience.outcome import Outcome
from app.core.resilience.settings import Algorithm
from tests.contract.resilience.platform import PREFIX, Platform
from tests.support.redis_servers import HOST, Server


class LossyProxy:
    """Passes bytes both ways, and swallows one reply when told to.

    Attributes:
        lost: replies swallowed so far.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._lose_next = False
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_next_reply(self) -> None:
        """The server does what it is told, and nobody hears of it."""
        self._lose_next = True

    def close(self) -> None:
        for one in [self._listener, *self._sockets]:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((HOST, self._target))
            self._sockets += [client, server]
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(65536):
                server.sendall(data)
        except OSError:
            return
        finally:
            server.close()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while data := server.recv(65536):
                if self._lose_next:
                    self._lose_next = False
                    self.lost += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)
        except OSError:
            return


@pytest.fixture
def proxy(valkey_server: Server) -> Iterator[LossyProxy]:
    proxy = LossyProxy(valkey_server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def platform(proxy: LossyProxy, make_platform: Callable[..., Platform]) -> Platform:
    url = f"redis://{HOST}:{proxy.port}/0"
    return make_platform(RedisSettings(url=url, key_prefix=PREFIX))


@pytest.mark.parametrize("algorithm", [name.value for name in Algorithm])
def test_a_hit_is_charged_once(
    platform: Platform, proxy: LossyProxy, name: str, algorithm: str
) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=2, window=60)
    limiter.peek("k")
    proxy.lose_next_reply()
    assert limiter.hit("k").allowed
    assert proxy.lost == 1
    assert limiter.hit("k").allowed
    assert not limiter.hit("k").allowed
    assert limiter.store.store_errors == 0


def test_the_last_unit_is_not_refused_to_who_took_it(
    platform: Platform, proxy: LossyProxy, name: str
) -> None:
    limiter = platform.limiter(name, limit=1, window=60)
    limiter.peek("k")
    proxy.lose_next_reply()
    assert limiter.hit("k").allowed
    assert proxy.lost == 1


def test_a_slot_is_taken_once(platform: Platform, proxy: LossyProxy, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1)
    bulkhead.stats()
    proxy.lose_next_reply()
    slot = bulkhead.acquire(0)
    assert proxy.lost == 1
    assert bulkhead.stats().held == 1
    proxy.lose_next_reply()
    slot.release()
    assert bulkhead.stats().held == 0


@pytest.mark.parametrize("with_bulkhead", [True, False])
def test_a_guarded_call_takes_one_of_each_and_counts_once(
    platform: Platform, proxy: LossyProxy, name: str, with_bulkhead: bool
) -> None:
    slots = {"max_concurrent": 1} if with_bulkhead else None
    guard = platform.guard(name, breaker={}, limiter={"limit": 1}, bulkhead=slots)
    breaker, limiter = platform.breaker(name), platform.limiter(name, limit=1)
    limiter.peek("k")
    proxy.lose_next_reply()
    permit = guard.enter("k")
    assert proxy.lost == 1
    assert limiter.peek("k").remaining == 0
    if with_bulkhead:
        proxy.lose_next_reply()
    permit.exit(Outcome.FAILURE)
    assert breaker.state().failures == 1
    if with_bulkhead:
        assert proxy.lost == 2
        assert platform.bulkhead(name, max_concurrent=1).stats().held == 0


def test_a_probe_is_one_probe(platform: Platform, proxy: LossyProxy, name: str) -> None:
    breaker = platform.breaker(name, recovery_timeout=0.01, recovery_timeout_max=0.01)
    for _ in range(5):
        breaker.allow().exit(Outcome.FAILURE)
    threading.Event().wait(0.02)
    proxy.lose_next_reply()
    permit = breaker.allow()
    assert proxy.lost == 1
    assert breaker.state().probes == 1
    permit.exit(Outcome.SUCCESS)
    assert breaker.state().state.value == "closed"
