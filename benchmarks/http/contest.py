"""Lets the rows take turns, and measures their other costs beside the turns."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks.http.figures import Measured, Round
from benchmarks.http.load import NothingAnswered, at_full_speed, p99_at
from benchmarks.http.rows import BARE, COUNTED_HEADER, COUNTS_PATH, Row
from benchmarks.http.servers import Process

WARM_UP_SECONDS = 1
COUNTED = 20  # requests, one after another
HALF = 0.5  # of the rate that the rounds reached, for the p99


@dataclass(frozen=True, slots=True)
class Contestant:
    """A row on a server.

    Attributes:
        database: the server's database; None: it has none.
    """

    row: Row
    process: Process
    database: str | None = None
    measured: Measured = field(default_factory=Measured)

    @property
    def token(self) -> str | None:
        return self.process.token if self.row.signed_in else None

    def warm_up(self) -> None:
        """Let it fill its memory; the first answers may take long."""
        with suppress(NothingAnswered):
            at_full_speed(self.process.port, self.row.path, self.token, WARM_UP_SECONDS)

    def take_turn(self, seconds: int, bare: float | None) -> float:
        """Ask as fast as answers come; the rate. ``bare``: of the bare view, in the turn before."""
        before = self.process.processor_seconds()
        load = at_full_speed(self.process.port, self.row.path, self.token, seconds)
        after = self.process.processor_seconds()
        used = None if before is None or after is None else (after - before) / load.requests * 1e6
        bare = load.rate if self.row is BARE else bare
        self.measured.rounds.append(Round(load.rate, used, bare))
        return load.rate

    def measure_p99(self, seconds: int) -> None:
        """Ask at half the rate of the turns."""
        rate = HALF * self.measured.rate
        port, path = self.process.port, self.row.path
        self.measured.p99 = p99_at(rate, port, path, self.token, seconds)

    def count(self) -> None:
        """Count the statements and round trips that a caller waits for, one request after
        another."""
        connection = http.client.HTTPConnection("127.0.0.1", self.process.port, timeout=10)
        counted = COUNTED_HEADER.removeprefix("HTTP_").replace("_", "-")
        headers = {counted: "1"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"

        def get(path: str) -> bytes:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().read()

        get(COUNTS_PATH)  # drops earlier counts
        for _ in range(COUNTED):
            get(self.row.path)
        counts = json.loads(get(COUNTS_PATH))
        connection.close()
        self.measured.statements = counts["statements"] / counts["requests"]
        self.measured.round_trips = counts["round_trips"] / counts["requests"]


def run(contestants: Sequence[Contestant], rounds: int, seconds: int, quick: bool) -> None:
    """Measure all of them, each beside the bare view. ``quick`` leaves the p99 out, which takes as
    long as a turn.
    """
    for one in contestants:
        one.warm_up()
    bare = next((one for one in contestants if one.row is BARE), None)
    others = [one for one in contestants if one is not bare] or contestants
    for _ in range(rounds):
        for one in others:
            one.take_turn(seconds, bare.take_turn(seconds, None) if bare else None)
    for one in contestants:
        if not quick:
            one.measure_p99(seconds)
        one.count()
