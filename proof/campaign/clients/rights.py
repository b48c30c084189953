"""Operators who give and take rights in several ways, and people who ask whether they have them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from proof.campaign.clients.base import Client, Person, World, insist, register
from proof.campaign.clients.http import Answer
from proof.campaign.history import Operation
from proof.cluster.callers import found_server

if TYPE_CHECKING:
    from proof.cluster.application import AppNode

MODEL = "rights"
# Changes of a key, after which another one begins. It begins soon after an unknown one, which may
# take effect at any later time and so would explain much.
CHANGES = 20
SEEN_AFTER_UNKNOWN = 2.0  # s
# Every second right rests after each change: given, until all workers remember it; taken, for far
# longer than any answer may be old, so that each allow is wrong.
CHANGES_OF_RESTING = 8
RESTS_GIVEN, RESTS_TAKEN = 3.0, 10.0  # s
ASKED_EVERY = 0.35  # s between two looks at all that rest
CONNECTIONS_TRIED = 4  # in a turn, for one to a worker that no other client asks


@dataclass
class Community:
    """One community of the campaign: its owner, and how to come in."""

    owner: Person
    server: int
    invite: str
    channel: int


@dataclass
class Right:
    """One right of one person, which is given and taken in one way.

    Attributes:
        change: gives it (True) or takes it.
        subject: the tag by which an event names its change.
        rests: whether it stays for a while as it was changed to.
        position: that of the last change that was answered.
    """

    key: str
    person: Person
    permission: str
    channel: int
    change: Callable[[bool], Answer]
    begins: bool
    subject: str
    rests: bool = False
    position: str | None = None


def new_community(world: World, name: str, people: int) -> tuple[Community, list[Person]]:
    """A new community with so many members."""
    owner = register(world, f"{name}.owner")
    http = world.http()

    def asked(method: str, path: str, body: Any) -> Any:
        return insist(http, method, f"/api/v1/{path}", body, owner.token)

    server, channel, invite = found_server(asked, name)
    community = Community(owner, server, invite, channel)
    http.close()
    return community, [newcomer(world, community, f"{name}.{number}") for number in range(people)]


def newcomer(world: World, place: Community, name: str) -> Person:
    """A new account that is a member."""
    one, http = register(world, name), world.http()
    insist(http, "POST", f"/api/v1/invites/{place.invite}/join", token=one.token)
    http.close()
    return one


class Rights:
    """The rights that are being changed now, one of each way."""

    def __init__(self) -> None:
        self.now: dict[str, Right] = {}

    def over(self, right: Right) -> bool:
        """Whether another one was begun, or is about to be, of the same person.

        One time-out is as another: later answers may be about that one.
        """
        return self.now.get(right.key.partition(":")[0]) is not right


class Operator(Client):
    """Changes one right in one way, for a while, and then another one."""

    pause = 0.9

    def __init__(
        self, world: World, way: str, place: Community, person: Person, all_: Rights
    ) -> None:
        super().__init__(world, f"operator.{way}")
        self.way, self.place, self.person, self.all = way, place, person, all_
        self.numbers = itertools.count()
        self.right: Right | None = None
        self.has = True  # a newcomer is a member, and in no time-out
        self.left = 0
        self.rests_until = 0.0
        self.spoilt = False
        self.drop: Callable[[], object] = lambda: None

    def turn(self) -> None:
        if self.right is None or self.left <= 0:
            self.begin()
            return
        if time.monotonic() < self.rests_until:
            return
        self.left -= 1
        right, wanted = self.right, not self.has
        changed = self.history.operation(self.name, MODEL, right.key, "set", wanted)
        published = self.history.operation(
            self.name, "events", "happened", "changed", right.subject
        )
        with changed as pending, published as event:
            answer = right.change(wanted)
            answer.settle(event, answer.position)
            if answer.settle(pending, answer.position):
                self.has = wanted
                right.position = answer.position
                self.world.saw(answer.position)
        if right.rests:
            rest = RESTS_GIVEN if self.has else RESTS_TAKEN
            self.rests_until = time.monotonic() + rest
        if pending.outcome == "unknown":
            self.left = 0
            self.world.over.wait(SEEN_AFTER_UNKNOWN)
            # It may yet be done to this person, during any later right.
            self.spoilt = True

    def begin(self) -> None:
        """Another right; the roles of the last one are removed, if that can be done."""
        self.all.now.pop(self.way, None)
        self.drop()
        self.drop = lambda: None
        if self.spoilt and self.way in ("timeout", "membership"):
            try:
                self.person = newcomer(self.world, self.place, f"{self.person.name}_")
            except RuntimeError:  # not in this state of things; the next turn tries again
                return
            self.has = True
        self.spoilt = False
        number = next(self.numbers)
        right = self.make(f"{self.way}:{number}")
        if right is None:
            return
        # At any time about half of the ways have one that rests.
        right.rests = (number + WAYS.index(self.way)) % 2 == 0
        self.right, self.has, self.rests_until = right, right.begins, 0.0
        self.left = CHANGES_OF_RESTING if right.rests else CHANGES
        begun = Operation(
            client=self.name,
            model=MODEL,
            key=right.key,
            call="begin",
            argument=right.begins,
            invoked=0.0,
            outcome="ok",
        )
        self.history.write(begun)
        self.all.now[self.way] = right

    def make(self, key: str) -> Right | None:
        """The next right, or None if what it needs could not be made now."""
        channel = self._post(f"servers/{self.place.server}/channels", {"name": key})
        if channel is None:
            return None
        return getattr(self, f"_{self.way}")(key, channel["id"])  # type: ignore[no-any-return]

    def _ask(self, method: str, path: str, body: Any = None, token: str = "") -> Answer:
        return self.http.ask(method, f"/api/v1/{path}", body, token or self.place.owner.token)

    def _post(self, path: str, body: Any) -> Any:
        answer = self._ask("POST", path, body)
        return answer.body if answer.ok else None

    def _role(self, key: str) -> int | None:
        made = self._post(f"servers/{self.place.server}/roles", {"name": key})
        if made is None:
            return None
        number = int(made["id"])
        before = self.drop

        def drop() -> None:
            before()
            self._ask("DELETE", f"roles/{number}")

        self.drop = drop
        return number

    @property
    def _person(self) -> str:
        return f"user:{self.person.id}"

    def _done(self, *asked: tuple[str, str, Any]) -> bool:
        return all(self._ask(*one).ok for one in asked)

    def _overwrite(self, key: str, channel: int) -> Right:
        path = f"channels/{channel}/overwrites/user/{self.person.id}"

        def change(give: bool) -> Answer:
            if give:
                return self._ask("DELETE", path)
            return self._ask("PUT", path, {"deny": ["message.send"]})

        return Right(key, self.person, "message.send", channel, change, True, f"channel:{channel}")

    def _role_held(self, key: str, channel: int) -> Right | None:
        role = self._role(key)
        granted = {"scope": "channel", "scope_id": channel}
        if role is None or not self._done(("PUT", f"roles/{role}/grants/message.manage", granted)):
            return None
        path = f"roles/{role}/members/{self.person.id}"

        def change(give: bool) -> Answer:
            return self._ask("PUT" if give else "DELETE", path)

        return Right(key, self.person, "message.manage", channel, change, False, self._person)

    def _grant(self, key: str, channel: int) -> Right | None:
        role = self._role(key)
        if role is None or not self._done(("PUT", f"roles/{role}/members/{self.person.id}", None)):
            return None
        path = f"roles/{role}/grants/message.pin"

        def change(give: bool) -> Answer:
            if give:
                return self._ask("PUT", path, {"scope": "channel", "scope_id": channel})
            return self._ask("DELETE", f"{path}?scope=channel&scope_id={channel}")

        return Right(key, self.person, "message.pin", channel, change, False, f"role:{role}")

    def _parent(self, key: str, channel: int) -> Right | None:
        role, parent = self._role(key), self._role(f"{key} above")
        if role is None or parent is None:
            return None
        granted = {"scope": "channel", "scope_id": channel}
        if not self._done(
            ("PUT", f"roles/{role}/members/{self.person.id}", None),
            ("PUT", f"roles/{parent}/grants/message.pin", granted),
        ):
            return None
        path = f"roles/{role}/parents/{parent}"

        def change(give: bool) -> Answer:
            return self._ask("PUT" if give else "DELETE", path)

        return Right(key, self.person, "message.pin", channel, change, False, f"role:{role}")

    def _timeout(self, key: str, channel: int) -> Right | None:
        path = f"servers/{self.place.server}/members/{self.person.id}/timeout"

        def change(give: bool) -> Answer:
            if give:
                return self._ask("DELETE", path)
            until = datetime.now(UTC) + timedelta(hours=2)
            return self._ask("PUT", path, {"until": until.isoformat()})

        # As it was left: a change that nobody noted would meet checks of the right before it.
        return Right(key, self.person, "message.send", channel, change, self.has, self._person)

    def _membership(self, key: str, channel: int) -> Right | None:
        member = f"servers/{self.place.server}/members/{self.person.id}"
        join = f"invites/{self.place.invite}/join"

        def change(give: bool) -> Answer:
            if give:
                return self._ask("POST", join, token=self.person.token)
            return self._ask("DELETE", member)

        return Right(key, self.person, "channel.read", channel, change, self.has, self._person)


WAYS = ("overwrite", "role_held", "grant", "parent", "timeout", "membership")


class Asker(Client):
    """Asks whether somebody has a right, with and without a position."""

    pause = 0.2

    def __init__(self, world: World, number: int, all_: Rights) -> None:
        super().__init__(world, f"asker.{number}")
        self.all = all_

    def turn(self) -> None:
        rights = list(self.all.now.values())
        if not rights:
            return
        right = self.rng.choice(rights)
        # Read before the operation begins: the changes that it covers were answered by then.
        position = self.rng.choice([None, right.position, self.world.latest])
        check(self, right, position)


class OfWorker(Client):
    """Asks one worker, past nginx, for each right that rests: only there does its memory show.

    Now and then, and at once after each change, with its position: for a moment only does a worker
    not know of a change that somebody has seen.

    ``taken``: the process ids that clients of this node ask, this one's included.
    """

    pause = 0.02

    def __init__(
        self, world: World, node: AppNode, number: int, all_: Rights, taken: set[int]
    ) -> None:
        super().__init__(world, f"worker.{node.name}.{number}")
        self.node, self.all, self.taken = node, all_, taken
        self.worker = 0
        self.asked_at = 0.0
        self.asked: dict[str, str | None] = {}
        self.http = world.http(node.url)

    def turn(self) -> None:
        resting = [one for one in list(self.all.now.values()) if one.rests]
        changed = [one for one in resting if one.position != self.asked.get(one.key)]
        now = time.monotonic()
        if not changed and now < self.asked_at + ASKED_EVERY:
            return
        if not self._connected():
            return
        for right in changed or resting:
            if self.http.connected:
                self.asked[right.key] = position = right.position
                check(self, right, position if changed else None)
        if not changed:
            self.asked_at = time.monotonic()

    def _connected(self) -> bool:
        """Whether there is a connection to a worker that no other client of the node has."""
        if self.worker and self.http.connected:
            return True
        self.taken.discard(self.worker)
        self.worker = 0
        for _ in range(CONNECTIONS_TRIED):
            answer = self.http.ask("GET", "/campaign/worker")
            if not answer.ok:
                return False
            if answer.body["worker"] not in self.taken:
                self.worker = answer.body["worker"]
                self.taken.add(self.worker)
                return True
            self.http.close()
        return False


def check(client: Asker | OfWorker, right: Right, position: str | None) -> None:
    """Check a right, as the person that it is about."""
    question = {
        "permission": right.permission,
        "scope": "channel",
        "scope_id": right.channel,
    }
    with client.history.operation(client.name, MODEL, right.key, "check", position) as pending:
        answer = client.http.ask(
            "POST", "/api/v1/permissions/check", question, right.person.token, position
        )
        if answer.settle(pending):
            pending.value = bool(answer.body["allowed"])
        elif answer.status == 404:
            # A caller who sees nothing there has no right there either.
            pending.ok(False)
        if client.all.over(right):
            pending.unknown("the right was over by then")
