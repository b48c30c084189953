"""The process that forwards: ``python process.py``, told by lines of JSON, until its input ends.

Only the standard library, so that it starts at once. Orders are ``{"do": ..., "link": ...}``, and
each has one line for an answer; see ``tests.support.links`` for what they mean.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import sys
from collections import deque
from typing import Any, cast

SEED = 19
# Bytes that a side may be behind before its other side is read no more.
HIGH_WATER = 1 << 18
# Linger for no time: the kernel ends such a connection with RST, and by FIN any other.
AT_ONCE = struct.pack("ii", 1, 0)


class End(asyncio.Protocol):
    """One side of a connection; data that it hears goes to the other."""

    def __init__(self, link: Forwarder, answers: bool) -> None:
        self.link = link
        self.answers = answers
        self.transport: asyncio.Transport | None = None
        self.other: End | None = None
        self.early: list[bytes] = []
        # Data that waits until it may go on: (moment, bytes).
        self.held: deque[tuple[float, bytes]] = deque()
        self.timer: asyncio.TimerHandle | None = None
        self.free_at = 0.0
        self.ending = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER)
        self.link.ends.add(self)

    def data_received(self, data: bytes) -> None:
        link = self.link
        if link.fault is not None:
            link.touched += 1
            data = link.changed(self, data)
            if not data:
                return
        if self.held or link.seconds or link.rate:
            self.hold(data)
        else:
            self.forward(data)

    def forward(self, data: bytes) -> None:
        """Send it to the other side, as soon as there is one."""
        if self.other is None:
            self.early.append(data)
        elif self.other.transport is not None:
            self.other.transport.write(data)

    def hold(self, data: bytes) -> None:
        """Let it go on later: after half of the link's delay, and no faster than its rate."""
        loop = asyncio.get_running_loop()
        start = max(loop.time() + self.link.seconds / 2, self.free_at)
        pieces = [data]
        if self.link.rate:
            step = max(1, self.link.rate // 10)
            pieces = [data[at : at + step] for at in range(0, len(data), step)]
        for piece in pieces:
            if self.link.rate:
                start += len(piece) / self.link.rate
            self.held.append((start, piece))
        self.free_at = start
        self.arm()

    def arm(self) -> None:
        if self.timer is None and self.held:
            self.timer = asyncio.get_running_loop().call_at(self.held[0][0], self.release)

    def release(self) -> None:
        """Send what may go on by now."""
        self.timer = None
        now = asyncio.get_running_loop().time()
        while self.held and self.held[0][0] <= now + 0.001:
            self.forward(self.held.popleft()[1])
        self.arm()
        if self.ending and not self.held and self.other is not None:
            self.other.finish()

    def hurry(self) -> None:
        """The fault is over: data that waits goes on now."""
        if self.timer is not None:
            self.timer.cancel()
        self.held = deque((0.0, data) for _, data in self.held)
        self.free_at = 0.0
        self.release()

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.link.ends.discard(self)
        self.transport = None
        if self.link.fault == "half_open":
            return  # nobody is told
        self.ending = True
        if not self.held and self.other is not None:
            self.other.finish()

    def finish(self) -> None:
        """Close, once what was written is sent."""
        if self.transport is not None:
            self.transport.close()

    def reset(self) -> None:
        """Close with RST."""
        if self.timer is not None:
            self.timer.cancel()
        if self.transport is not None:
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self.transport.abort()


class Forwarder:
    """One link: where it listens, where it leads, and what is wrong with it."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.fault: str | None = None
        self.seconds = 0.0
        self.rate = 0
        self.touched = 0
        self.ends: set[End] = set()
        self.random = random.Random(SEED)
        self.server: asyncio.Server | None = None
        self.address = ("127.0.0.1", 0)

    async def listen(self, backlog: int = 512) -> None:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: Client(self), *self.address, backlog=backlog)
        self.address = self.server.sockets[0].getsockname()[:2]

    def changed(self, end: End, data: bytes) -> bytes:
        """The part of the data that arrives while there is a fault."""
        match self.fault:
            case "garbage" if end.answers:
                return self.random.randbytes(len(data))
            case "half_open":
                return b""
            case "lose_reply" if end.answers:
                self.fault = None
                end.reset()
                if end.other is not None:
                    end.other.reset()
                return b""
        return data

    async def do(self, name: str, amount: float) -> None:
        if self.server is None:
            await self.listen()
        was, self.fault = self.fault, None if name == "heal" else name
        self.seconds = amount if name == "delay" else 0.0
        self.rate = int(amount) if name == "slow" else 0
        if was in ("garbage", "half_open") or name in ("cut", "refuse"):
            # Earlier connections carry nothing that either side could make sense of.
            for end in list(self.ends):
                self.touched += name != "heal"
                end.reset()
        for end in list(self.ends):
            end.hurry()
        if name == "refuse" and self.server is not None:
            self.server.close()
            self.server = None


class Client(End):
    """The side that called."""

    def __init__(self, link: Forwarder) -> None:
        super().__init__(link, answers=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.link.fault == "cut":
            self.link.touched += 1
            self.reset()
        elif self.link.fault != "half_open":
            self.task = asyncio.get_running_loop().create_task(self.dial())

    async def dial(self) -> None:
        """Open the other side."""
        server = End(self.link, answers=True)
        server.other = self
        try:
            await asyncio.get_running_loop().create_connection(lambda: server, *self.link.target)
        except OSError:
            self.reset()
            return
        if self.transport is None:  # it has gone meanwhile
            server.reset()
            return
        self.other = server
        for data in self.early:
            assert server.transport is not None
            server.transport.write(data)
        self.early.clear()


async def main() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    links: dict[int, Forwarder] = {}
    while line := await reader.readline():
        order = json.loads(line)
        number = order["link"]
        try:
            answer = await obey(links, number, order)
        except OSError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


async def obey(links: dict[int, Forwarder], number: int, order: dict[str, Any]) -> Any:
    name = order["do"]
    if name == "add":
        links[number] = Forwarder(tuple(order["target"]))
        await links[number].listen()
        return list(links[number].address)
    link = links[number]
    if name == "touched":
        return link.touched
    if name == "lead_to":
        link.target = tuple(order["target"])
    elif name == "fault":
        return link.fault
    else:
        await link.do(name, order.get("amount", 0.0))
    return None


if __name__ == "__main__":
    asyncio.run(main())
