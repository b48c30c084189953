"""Sends the records of one process to a StatsD server by UDP, on top of another backend."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator
from time import monotonic

from yoto.errors import ConfigurationError

from ..history import Counters, Gauges, Histograms
from ..recording import Distribution, Series
from ..recording.distribution import lower_bound, upper_bound
from .failures import FailureLog, failures_of
from .forwarding import ForwardingBackend
from .interface import Backend, BackendHealth

# Bytes of a datagram that no Ethernet on the way takes apart (statsd's own advice).
MOST_BYTES = 1432
# s between tries to find an address that could not be resolved.
RETRY_AFTER = 10.0
# Characters that mean something in the protocol, or in the trees of those who keep the numbers.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class StatsdBackend(ForwardingBackend):
    """Leaves storage to ``store`` and sends a copy. Lost copies stay lost: there is no reply.
    Not thread-safe; the flush calls it."""

    name = "statsd"

    def __init__(self, store: Backend, address: str) -> None:
        """``address``: ``host:port``; nothing is opened before the first record.

        Raises:
            ConfigurationError: the address is none.
        """
        super().__init__(store)
        self._host, self._port = parse_address(address)
        self._failures = FailureLog(f"statsd {address}", "no copy is sent")
        self._socket: socket.socket | None = None
        self._not_before = 0.0
        self._sent = self._dropped = 0

    def record(self, counters: Counters, gauges: Gauges, histograms: Histograms) -> None:
        failures = {failures_of(self.name, kind): n for kind, n in self._failures.news().items()}
        counters = {**counters, **failures}
        super().record(counters, gauges, histograms)
        if monotonic() < self._not_before:
            return
        try:
            self._send(packets(lines(counters, gauges, histograms)))
        except OSError as error:
            self._failures.failed(error)
            self._disconnect()
            self._not_before = monotonic() + RETRY_AFTER
        else:
            self._failures.succeeded()

    def health(self) -> BackendHealth:
        kind = self._failures.current
        detail = f"{self._sent} datagrams sent, {self._dropped} had no room; "
        detail += "whether they arrive nobody says"
        return BackendHealth(
            self.name,
            None if kind is None and not self._sent else kind is None,
            detail if kind is None else f"{kind}: {self._failures.last}",
            failures=dict(self._failures.counts),
            behind=self._store.health(),
        )

    def close(self) -> None:
        self._disconnect()
        super().close()

    def _send(self, datagrams: Iterable[bytes]) -> None:
        if self._socket is None:
            self._socket = self._connect()
        for datagram in datagrams:
            try:
                self._socket.send(datagram)
                self._sent += 1
            except BlockingIOError:
                # The kernel's buffer is full: no outage, and nothing to wait for.
                self._dropped += 1

    def _connect(self) -> socket.socket:
        family, kind, protocol, _, address = socket.getaddrinfo(
            self._host, self._port, type=socket.SOCK_DGRAM
        )[0]
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        opened.connect(address)
        return opened

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def parse_address(address: str) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[::1]:port``.

    Raises:
        ConfigurationError: it is neither.
    """
    host, colon, port = address.rpartition(":")
    number = int(port) if port.isascii() and port.isdecimal() else 0
    if not colon or not host or not 0 < number < 65536:
        raise ConfigurationError("MONITOR_STATSD", f"{address!r} must be host:port")
    return host.strip("[]"), number


def lines(counters: Counters, gauges: Gauges, histograms: Histograms) -> Iterator[str]:
    """Lines of the protocol (https://github.com/statsd/statsd/blob/master/docs/metric_types.md).

    Labels become parts of the name: plain StatsD has no others. Durations go out as one timing a
    bucket, at its middle, with the sample rate that stands for how many there were.
    """
    for about, added in counters.items():
        yield f"{_path(about)}:{added:.12g}|c"
    for about, value in gauges.items():
        if value < 0:
            # A sign means a change, so that below zero is reached from zero.
            yield f"{_path(about)}:0|g"
        yield f"{_path(about)}:{value:.12g}|g"
    for about, found in histograms.items():
        yield from _timings(_path(about), found)


def packets(texts: Iterable[str], most: int = MOST_BYTES) -> Iterator[bytes]:
    """Lines put together to datagrams of at most ``most`` bytes; a longer line is left out."""
    batch: list[bytes] = []
    size = 0
    for text in texts:
        line = text.encode()
        if len(line) > most:
            continue
        if batch and size + len(line) + 1 > most:
            yield b"\n".join(batch)
            batch, size = [], 0
        size += len(line) + bool(batch)
        batch.append(line)
    if batch:
        yield b"\n".join(batch)


def _timings(path: str, found: Distribution) -> Iterator[str]:
    for number, count in sorted(found.counts.items()):
        middle_ms = (lower_bound(number) + upper_bound(number)) / 2 * 1000
        rate = f"|@{1 / count:.12g}" if count > 1 else ""
        yield f"{path}:{middle_ms:.6g}|ms{rate}"


def _path(about: Series) -> str:
    return ".".join([about.name, *(_UNSAFE.sub("_", value) or "_" for _, value in about.labels)])
