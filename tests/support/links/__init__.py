"""Links between two servers that fail on demand: TCP proxies in a process of their own.

That process reads no Python of ours and shares no thread with a test, so it forwards alike in every
async mode, and ends when the test process does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.support.closing import Closing
from tests.support.waiting import HOST

PROCESS = Path(__file__).with_name("process.py")


class Link:
    """Forwards connections from its own address to another, until it is told otherwise.

    A fault replaces the one before, and holds for connections that are open and for new ones.

    Attributes:
        host, port: where it listens.
    """

    def __init__(self, links: Links, number: int, address: tuple[str, int]) -> None:
        self._links = links
        self._number = number
        self.host, self.port = address

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"{self.host}:{self.port}"

    def cut(self) -> None:
        """Connections are reset, new ones as soon as they are made."""
        self._do("cut")

    def refuse(self) -> None:
        """Connections are reset, and nobody listens for new ones."""
        self._do("refuse")

    def delay(self, seconds: float) -> None:
        """An exchange takes so much longer, half of it on each way."""
        self._do("delay", amount=seconds)

    def slow(self, bytes_per_second: int) -> None:
        """Each way of a connection carries so much and no more."""
        self._do("slow", amount=bytes_per_second)

    def garbage(self) -> None:
        """Answers are as long as they were, and random."""
        self._do("garbage")

    def half_open(self) -> None:
        """Takes bytes and connections, and neither forwards nor answers anything."""
        self._do("half_open")

    def lose_reply(self) -> None:
        """Once: the next answer is lost with its connection, after the request has arrived."""
        self._do("lose_reply")

    def heal(self) -> None:
        """Forward as before. Connections whose bytes were lost or changed are reset."""
        self._do("heal")

    def lead_to(self, host: str, port: int) -> None:
        """Lead connections that are made from now on to another server."""
        self._do("lead_to", target=(host, port))

    @property
    def touched(self) -> int:
        """How often bytes or a connection met a fault, since the beginning."""
        return int(self._do("touched"))

    @property
    def fault(self) -> str | None:
        """The fault that there is now."""
        found: str | None = self._do("fault")
        return found

    def _do(self, name: str, **more: Any) -> Any:
        return self._links.order(do=name, link=self._number, **more)


@contextmanager
def link_to(port: int) -> Iterator[Link]:
    """One link to a local port, with a process of its own."""
    with Links() as links:
        yield links.add((HOST, port))


class Links(Closing):
    """The process, with any number of links."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._count = 0

    def add(self, target: tuple[str, int]) -> Link:
        """A link to ``target``, which listens from now on."""
        with self._lock:
            self._count += 1
            number = self._count
        address = self.order(do="add", link=number, target=target)
        return Link(self, number, (address[0], address[1]))

    def order(self, **order: Any) -> Any:
        """Send one order and wait for its answer.

        Raises:
            OSError: the address is taken.
        """
        with self._lock:
            assert self._process is not None, "enter Links first"
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the process of the links has ended"
        answer = json.loads(line)
        if isinstance(answer, dict):
            raise OSError(answer["error"])
        return answer

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROCESS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return self

    def close(self) -> None:
        """End all connections."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()
        self._process = None
