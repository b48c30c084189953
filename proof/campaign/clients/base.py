"""The common base of all clients: a thread, a connection, and luck of their own."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proof.campaign.clients.http import Http
from proof.campaign.history import History

# s in which what must succeed is tried again: servers are made, and looked at in the end.
INSISTS = 120.0
# Pauses between tries to sign in, which count also where a store was away: after ten the account is
# refused at that address for half an hour.
SIGN_INS = 8
PASSWORD = "correct horse battery"


@dataclass
class World:
    """Where all clients live, and what they share.

    Attributes:
        url, ca: of nginx.
        latest: the newest position of the log that any write was answered with.
    """

    url: str
    ca: Path
    history: History
    seed: int
    over: threading.Event = field(default_factory=threading.Event)
    latest: str | None = None
    _addresses: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def http(self, url: str = "") -> Http:
        """A connection, to nginx or to ``url``, from an address that nobody else has."""
        with self._lock:
            self._addresses += 1
            number = self._addresses
        return Http(url or self.url, self.ca, f"127.0.{number // 250 + 1}.{number % 250 + 1}")

    def saw(self, position: str | None) -> None:
        """Take note of a position."""
        if position and not position.startswith("outbox"):
            with self._lock:
                if self.latest is None or _order(position) > _order(self.latest):
                    self.latest = position


def _order(position: str) -> tuple[int, ...]:
    return tuple(int(part) for part in position.split("-"))


@dataclass
class Person:
    """An account and its access token."""

    name: str
    id: int
    token: str


def insist(
    http: Http,
    method: str,
    path: str,
    body: Any = None,
    token: str = "",
    pause: float = 0.5,
) -> Any:
    """Ask again, ``pause`` seconds later, until the answer is good; its body.

    Raises: RuntimeError: it never was.
    """
    until = time.monotonic() + INSISTS
    while True:
        answer = http.ask(method, path, body, token)
        if answer.ok:
            return answer.body
        if time.monotonic() > until:
            raise RuntimeError(f"{method} {path}: {answer.said}")
        time.sleep(pause)


def all_pages(http: Http, path: str, token: str) -> list[dict[str, Any]]:
    """The items of all pages of a list; ``path`` has a query already.

    Raises: as ``insist``.
    """
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = insist(http, "GET", path + after, token=token)
        found += page["items"]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def register(world: World, name: str) -> Person:
    """A new account that is signed in."""
    http = world.http()
    account = {"username": name, "display_name": name, "password": PASSWORD}
    until = time.monotonic() + INSISTS
    # It is there already if an answer was lost.
    while (answer := http.ask("POST", "/api/v1/auth/register", account)).status not in (201, 409):
        if time.monotonic() > until:
            raise RuntimeError(f"register {name}: {answer.said}")
        time.sleep(0.5)
    return sign_in(http, name)


def sign_in(http: Http, name: str, password: str = PASSWORD) -> Person:
    """The account, signed in anew."""
    credentials = {"username": name, "password": password}
    pause = INSISTS / SIGN_INS
    token = insist(http, "POST", "/api/v1/auth/login", credentials, pause=pause)["access_token"]
    me = insist(http, "GET", "/api/v1/auth/me", token=token)
    http.close()
    return Person(name, me["id"], token)


class Watched(threading.Thread):
    """A thread that keeps what ended it before its time.

    Attributes:
        error: None: nothing did.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:  # shown when it is stopped
            self.error = error

    def work(self) -> None:
        """Do its task, in its thread."""
        raise NotImplementedError


class Client(Watched):
    """Takes one turn after the other until the world is over.

    ``pause``: mean seconds between two turns.
    """

    pause = 0.1

    def __init__(self, world: World, name: str) -> None:
        super().__init__(name)
        self.world = world
        self.history = world.history
        self.rng = random.Random(f"{world.seed} {name}")
        self.http = world.http()

    def work(self) -> None:
        try:
            while not self.world.over.wait(self.rng.uniform(0.2, 1.8) * self.pause):
                self.turn()
        finally:
            self.http.close()

    def turn(self) -> None:
        """One thing, or some."""
        raise NotImplementedError

    def finish(self) -> None:
        """After all clients have stopped: look what is there."""
