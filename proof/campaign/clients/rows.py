"""People who write and read one row, and those who make rows that must be there in the end."""

from __future__ import annotations

import itertools
import uuid

from proof.campaign.clients.base import Client, Person, World, all_pages, insist
from proof.campaign.clients.rights import Community
from proof.campaign.history import Operation

# Operations of a key, before the next one has its turn.
ROUND = 250
ROLES_OF_SERVER = 200
PAGE = 100


class Topics:
    """The channel whose topic is written now, for all who do."""

    def __init__(self, place: Community) -> None:
        self.place = place
        self.channel: int | None = None
        self.left = 0


class Editor(Client):
    """Writes the topic of a channel, or reads it."""

    pause = 0.3

    def __init__(self, world: World, number: int, topics: Topics) -> None:
        super().__init__(world, f"editor.{number}")
        self.topics, self.leads = topics, number == 0
        self.numbers = itertools.count()

    def turn(self) -> None:
        owner = self.topics.place.owner
        if self.leads and self.topics.left <= 0:
            self._begin()
        channel = self.topics.channel
        if channel is None:
            return
        self.topics.left -= 1
        key, path = f"topic:{channel}", f"/api/v1/channels/{channel}"
        if self.rng.random() < 0.4:
            topic = f"{self.name}-{next(self.numbers)}"
            with self.history.operation(self.name, "row", key, "write", topic) as pending:
                self.http.ask("PATCH", path, {"topic": topic}, owner.token).settle(pending)
            return
        with self.history.operation(self.name, "row", key, "read") as pending:
            answer = self.http.ask("GET", path, None, owner.token)
            if answer.settle(pending):
                pending.value = answer.body["topic"]

    def _begin(self) -> None:
        place = self.topics.place
        made = self.http.ask(
            "POST",
            f"/api/v1/servers/{place.server}/channels",
            {"name": "topics"},
            place.owner.token,
        )
        if not made.ok:
            return
        begun = Operation(
            client=self.name,
            model="row",
            key=f"topic:{made.body['id']}",
            call="begin",
            argument=made.body["topic"],
            invoked=0.0,
            outcome="ok",
        )
        self.history.write(begun)
        self.topics.channel, self.topics.left = made.body["id"], ROUND


class Writer(Client):
    """Sends messages; asks again under the same key when no answer came."""

    pause = 2.0

    def __init__(self, world: World, number: int, place: Community, person: Person) -> None:
        super().__init__(world, f"writer.{number}")
        self.place, self.person = place, person

    def turn(self) -> None:
        what = uuid.UUID(int=self.rng.getrandbits(128)).hex
        path = f"/api/v1/channels/{self.place.channel}/messages"
        for _ in range(3):
            with self.history.operation(self.name, "kept", self._key, "act", what) as pending:
                answer = self.http.ask(
                    "POST",
                    path,
                    {"content": what},
                    self.person.token,
                    headers={"Idempotency-Key": what},
                )
                answer.settle(pending)
            if pending.outcome != "unknown" or self.world.over.wait(1.0):
                return

    @property
    def _key(self) -> str:
        return f"messages:{self.place.channel}:{self.name}"

    def finish(self) -> None:
        with self.history.operation(self.name, "kept", self._key, "list") as pending:
            path = f"/api/v1/channels/{self.place.channel}/messages?limit={PAGE}"
            found: list[str] = []
            before = ""
            while True:
                page = insist(self.http, "GET", path + before, token=self.person.token)
                found += [
                    one["content"] for one in page["items"] if one["author"]["id"] == self.person.id
                ]
                if page["next"] is None:
                    break
                before = f"&before={page['next']}"
            pending.ok(found)


class Founder(Client):
    """Makes roles: each must be there in the end, with one record in the audit log."""

    pause = 1.5

    def __init__(self, world: World, owner: Person, auditor: Person) -> None:
        super().__init__(world, "founder")
        self.owner, self.auditor = owner, auditor
        self.servers: list[int] = []
        self.left = 0

    def turn(self) -> None:
        if self.left <= 0:
            name = {"name": f"founded {len(self.servers)}"}
            made = self.http.ask("POST", "/api/v1/servers", name, self.owner.token)
            if made.ok:
                self.servers.append(made.body["id"])
                self.left = ROLES_OF_SERVER
            return
        self.left -= 1
        server = self.servers[-1]
        what = f"role {uuid.UUID(int=self.rng.getrandbits(128)).hex}"
        kept = self.history.operation(self.name, "kept", f"roles:{server}", "act", what)
        recorded = self.history.operation(self.name, "audit", f"roles:{server}", "act", what)
        with kept as row, recorded as record:
            path = f"/api/v1/servers/{server}/roles"
            answer = self.http.ask("POST", path, {"name": what}, self.owner.token)
            answer.settle(row)
            answer.settle(record)

    def finish(self) -> None:
        for server in self.servers:
            with self.history.operation(self.name, "kept", f"roles:{server}", "list") as pending:
                pending.ok([one["name"] for one in self._roles(server)])
            with self.history.operation(self.name, "audit", f"roles:{server}", "list") as pending:
                pending.ok(self._records(server))

    def _roles(self, server: int) -> list[dict[str, str]]:
        path = f"/api/v1/servers/{server}/roles?limit={PAGE}"
        items = all_pages(self.http, path, self.owner.token)
        return [one for one in items if one["name"].startswith("role ")]

    def _records(self, server: int) -> list[str]:
        path = f"/api/v1/admin/audit?action=role.create&server_id={server}&limit={PAGE}"
        found = [one["after"]["name"] for one in all_pages(self.http, path, self.auditor.token)]
        return [name for name in found if name.startswith("role ")]
