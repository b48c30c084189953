"""The traffic on the topology: requests at a steady rate, and change beside them."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import psutil
import socketio
from socketio.exceptions import ConnectionError as SocketConnectionError
from socketio.exceptions import TimeoutError as SocketTimeoutError

from proof.campaign.clients.base import Client, Person, Watched, World, insist, sign_in
from proof.campaign.clients.http import Answer, Http
from proof.campaign.clients.rights import Community, newcomer
from proof.cluster import Cluster

READERS = 12
SOCKETS = 5  # open at a time
NAMESPACE = "/community"
SIMPLE = ("channel.read", "message.send", "message.pin")


def broken(threads: Iterable[Watched]) -> list[str]:
    """Those that ended before their time, or go on after it."""
    found = []
    for one in threads:
        if one.error is not None:
            found.append(f"{one.name} ended: {one.error!r}")
        elif one.is_alive():
            found.append(f"{one.name} did not end")
    return found


class Reader(Watched):
    """Asks what members ask, each request at its moment.

    The time of an answer counts from the moment at which it should have been asked, so that a
    request that waits behind a slow one is slow too.
    """

    def __init__(
        self, http: Http, place: Community, member: Person, noted: Callable[..., None]
    ) -> None:
        super().__init__("reader")
        self.interval = 0.0  # s between two requests; 0: one after the other
        self.over = threading.Event()
        self._http, self._noted = http, noted
        server, channel = f"/api/v1/servers/{place.server}", f"/api/v1/channels/{place.channel}"
        # Mostly reads that are allowed; one that is denied, so that it is recorded.
        self._paths = itertools.cycle(
            [
                *[(f"{channel}/messages", 200)] * 7,
                (f"{server}/channels", 200),
                ("/api/v1/auth/me", 200),
                (f"{server}/invites", 403),
            ]
        )
        self._token = member.token

    def work(self) -> None:
        due = time.monotonic()
        while not self.over.is_set():
            due = due + self.interval if self.interval else time.monotonic()
            if self.over.wait(max(0.0, due - time.monotonic())):
                break
            path, expected = next(self._paths)
            answer = self._http.ask("GET", path, token=self._token)
            self._noted(time.monotonic() - due, answer.status == expected, answer)
        self._http.close()


class Readers:
    """All of them, and how long answers took since somebody asked."""

    def __init__(self, world: World, place: Community, members: list[Person]) -> None:
        self._lock = threading.Lock()
        self._took: list[float] = []
        self.answers = 0
        self.wrong: Counter[str] = Counter()
        self.threads = [Reader(world.http(), place, one, self._note) for one in members]
        for thread in self.threads:
            thread.start()

    def _note(self, took: float, right: bool, answer: Answer) -> None:
        with self._lock:
            self.answers += 1
            self._took.append(took)
            if not right:
                self.wrong[answer.said] += 1

    def took(self) -> list[float]:
        """The times since the last call (s), in order of length."""
        with self._lock:
            found, self._took = self._took, []
        return sorted(found)

    def measure(self, seconds: float) -> float:
        """Requests a second that they get answered, each as soon as the one before is."""
        before, begun = self.answers, time.monotonic()
        time.sleep(seconds)
        return (self.answers - before) / (time.monotonic() - begun)

    def hold(self, rate: float) -> None:
        """From now on so many requests a second, all together."""
        for thread in self.threads:
            thread.interval = len(self.threads) / rate

    def stop(self) -> None:
        """No more requests."""
        for thread in self.threads:
            thread.over.set()
        for thread in self.threads:
            thread.join(60)


class Changer(Client):
    """One thing after the other that changes, and is changed back.

    Attributes:
        acts: how often each was done.
        failed: the answers instead, by act.
    """

    pause = 0.4

    def __init__(
        self,
        world: World,
        place: Community,
        changed: Person,
        members: list[Person],
        cluster: Cluster,
    ) -> None:
        """Rights come and go for ``changed``, who reads nothing.

        ``members`` sign in in turns, since that is limited for each account.
        """
        super().__init__(world, "change")
        self.place, self.cluster = place, cluster
        self.member, self._signing_in = changed, itertools.cycle(members)
        self.acts: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        owner = place.owner.token
        made = {"name": "Soak", "reason": "soak"}
        path = f"/api/v1/servers/{place.server}/roles"
        self.role = insist(self.http, "POST", path, made, owner)["id"]
        self._numbers = itertools.count()
        self._turns = itertools.cycle(
            [self.role_given, self.grant, self.overwrite, self.sign_in_and_out] * 8
            + [self.person, self.setting]
        )

    def turn(self) -> None:
        next(self._turns)()
        # By the next turn nginx may have ended a connection that nobody used.
        self.http.close()

    def _do(self, act: str, method: str, path: str, body: Any = None, token: str = "") -> Any:
        answer = self.http.ask(method, path, body, token or self.place.owner.token)
        self.acts[act] += 1
        # A worker that is being replaced may have done it before nginx asked another one.
        gone = method == "DELETE" and answer.status == 404 and answer.repeated
        if not (answer.ok or gone):
            self.failed[f"{act}: {answer.said}"] += 1
        return answer.body

    def role_given(self) -> None:
        """A role is given and taken."""
        path = f"/api/v1/roles/{self.role}/members/{self.member.id}"
        self._do("role", "PUT", path, {"reason": "soak"})
        self._do("role", "DELETE", f"{path}?reason=soak")

    def grant(self) -> None:
        """A right of the role comes and goes."""
        path = f"/api/v1/roles/{self.role}/grants/{SIMPLE[next(self._numbers) % len(SIMPLE)]}"
        self._do("grant", "PUT", path, {"effect": "allow", "reason": "soak"})
        self._do("grant", "DELETE", f"{path}?reason=soak")

    def overwrite(self) -> None:
        """An overwrite of the channel comes and goes."""
        path = f"/api/v1/channels/{self.place.channel}/overwrites/role/{self.role}"
        self._do("overwrite", "PUT", path, {"allow": ["message.pin"], "deny": []})
        self._do("overwrite", "DELETE", path)

    def sign_in_and_out(self) -> None:
        """Somebody signs in, from a new address, and out."""
        http = self.world.http()
        person = sign_in(http, next(self._signing_in).name)
        self._do("sign in and out", "POST", "/api/v1/auth/logout", token=person.token)

    def person(self) -> None:
        """Somebody registers, joins and leaves."""
        one = newcomer(self.world, self.place, f"passer.{next(self._numbers)}")
        path = f"/api/v1/servers/{self.place.server}/leave"
        self._do("person", "POST", path, token=one.token)

    def setting(self) -> None:
        """A limit is changed, which every worker follows, and changed back."""
        self.acts["setting"] += 1
        guard, higher = ("rate_limit", "message.send"), 'dimensions={"user": {"limit": 61}}'
        self.cluster.flask("resilience", "set", *guard, higher, "--reason", "soak")
        self.cluster.flask("resilience", "delete", *guard, "--reason", "soak")


class Sockets(Client):
    """Pages that are opened and closed: so many at a time, the oldest gives way."""

    pause = 2.0

    def __init__(self, world: World, place: Community, members: list[Person]) -> None:
        super().__init__(world, "sockets")
        self.opened = self.refused = 0
        self._members = itertools.cycle(members)
        self._channel = place.channel
        self._open: list[socketio.Client] = []

    def turn(self) -> None:
        client = socketio.Client(
            reconnection=False,
            websocket_extra_options={"sslopt": {"ca_certs": str(self.world.ca)}},
        )
        try:
            self._enter(client)
        except (SocketConnectionError, SocketTimeoutError):
            # The worker is being replaced, say; how many were refused is told in the end.
            self.refused += 1
            client.disconnect()
            return
        self.opened += 1
        self._open.append(client)
        if len(self._open) > SOCKETS:
            self._open.pop(0).disconnect()

    def _enter(self, client: socketio.Client) -> None:
        client.connect(
            self.world.url,
            auth={"token": next(self._members).token},
            namespaces=[NAMESPACE],
            transports=["websocket"],
            wait_timeout=30,
        )
        client.call("join", {"channel_id": self._channel}, namespace=NAMESPACE, timeout=30)

    def finish(self) -> None:
        """Close those that are open."""
        while self._open:
            self._open.pop().disconnect()


class Replacement(Watched):
    """Ends a worker of the last node now and then; its supervisor starts another."""

    def __init__(self, cluster: Cluster, every: float) -> None:
        super().__init__("replacement")
        self.replaced = 0
        self.over = threading.Event()
        self._node, self._every = cluster.nodes[-1], every

    def work(self) -> None:
        while not self.over.wait(self._every):
            oldest = min(map(psutil.Process, self._node.pids()), key=lambda one: one.create_time())
            oldest.terminate()
            self.replaced += 1

    def stop(self) -> None:
        """No more of them."""
        self.over.set()
        self.join(60)
