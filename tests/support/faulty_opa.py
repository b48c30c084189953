"""Something that stands where an OPA server should, and answers as it is told."""

from __future__ import annotations

import socket
import threading

from tests.support.closing import Closing

ALLOW = b'{"result":{"values":[{"allow":true,"deny":[]}]}}'


# Seconds between two looks whether it is over.
LOOK_SECONDS = 0.1


def http(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    """An HTTP answer; ``length`` says what its header claims."""
    claimed = len(body) if length is None else length
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {claimed}\r\n\r\n"
    )
    return head.encode() + body


class FaultyOpa(Closing):
    """Takes every request and gives ``answer``; well-behaved until told otherwise.

    Attributes:
        answer: the bytes of the next answers; None: none comes.
        drip: seconds between two bytes of it; None: all at once.
        hang_up: whether the connection ends after an answer.
        requests: how many came.
        last: the last request.
    """

    def __init__(self) -> None:
        self.answer: bytes | None = http(ALLOW)
        self.drip: float | None = None
        self.hang_up = False
        self.requests = 0
        self.last = b""
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LOOK_SECONDS)
        self._threads: list[threading.Thread] = []
        self._start(self._accept)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """End it and all its connections."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, work: object, *arguments: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(LOOK_SECONDS)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            while (request := self._read_request(connection)) is not None:
                self.requests += 1
                self.last = request
                self._reply(connection)
                if self.hang_up:
                    return
        except OSError:
            return  # the other side has gone
        finally:
            connection.close()

    def _reply(self, connection: socket.socket) -> None:
        if self.answer is None:
            self._over.wait()
        elif self.drip is None:
            connection.sendall(self.answer)
        else:
            for byte in self.answer:
                connection.sendall(bytes((byte,)))
                if self._over.wait(self.drip):
                    return

    def _read_request(self, connection: socket.socket) -> bytes | None:
        """One request with its body; None when either side has ended."""
        data = b""
        while not _is_whole(data):
            try:
                more = connection.recv(65536)
            except TimeoutError:
                if self._over.is_set():
                    return None
                continue
            if not more:
                return None
            data += more
        return data


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return bool(end) and len(body) >= length
