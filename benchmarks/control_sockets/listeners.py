"""The clients, in a process of their own: they must not take turns with the publisher."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from tests.support.lean_sockets import LeanSocket, listen

PATIENCE = 120.0  # s


def run(url: str, tokens: Sequence[str], total: int, pipe: Connection) -> None:
    """Connect, say so, listen until every client has heard every event, and tell how it went.

    Sends how many clients are subscribed; then the seconds that each event took, and how many
    clients heard each event once and in order.
    """
    numbers: list[list[int]] = [[] for _ in tokens]
    times: list[float] = []

    def hears(mine: list[int]) -> Any:
        def heard(name: str, data: Any, now: float) -> None:
            if name == "permission_event" and data["type"] == "store.lost":
                mine.append(int(data["data"]["store"]))
                times.append(now - float(data["data"]["cause"]))

        return heard

    sockets = [
        LeanSocket(url, token, ["events"], hears(mine))
        for token, mine in zip(tokens, numbers, strict=True)
    ]
    listen(sockets, lambda: all(one.subscribed for one in sockets), PATIENCE)
    pipe.send(sum(one.subscribed for one in sockets))
    listen(sockets, lambda: len(times) >= total * len(tokens), PATIENCE)
    whole = list(range(total))
    pipe.send((times, sum(one == whole for one in numbers)))
    for one in sockets:
        one.close()
