"""People who sign in, use their token, sign out, and try it again: a credential is a right that
ends."""

from __future__ import annotations

import itertools

from proof.campaign.clients.base import PASSWORD, Client, Person, World
from proof.campaign.clients.rights import MODEL
from proof.campaign.history import Operation

# Sign-ins are counted by account, sixty in an hour: people take turns. A refused sign-in gives no
# credential that could be judged.
USES_BEFORE, USES_AFTER = 3, 14


class Leaver(Client):
    """One sign-in after the other; each is a key of its own."""

    pause = 7.0

    def __init__(self, world: World, people: list[Person]) -> None:
        super().__init__(world, "leaver")
        self.people = itertools.cycle(people)
        self.numbers = itertools.count()

    def turn(self) -> None:
        person = next(self.people)
        http = self.world.http()
        try:
            credentials = {"username": person.name, "password": PASSWORD}
            answer = http.ask("POST", "/api/v1/auth/login", credentials)
            if not answer.ok:
                return
            token = answer.body["access_token"]
            key = f"credential:{next(self.numbers)}"
            begun = Operation(
                client=self.name,
                model=MODEL,
                key=key,
                call="begin",
                argument=True,
                invoked=0.0,
                outcome="ok",
            )
            self.history.write(begun)
            for _ in range(USES_BEFORE):
                self._use(key, token, None)
            with self.history.operation(self.name, MODEL, key, "set", False) as pending:
                left = http.ask("POST", "/api/v1/auth/logout", {}, token)
                left.settle(pending, left.position)
            self.world.saw(left.position)
            for _ in range(USES_AFTER):
                self._use(key, token, self.rng.choice([None, left.position]))
                if self.world.over.wait(0.3):
                    return
        finally:
            http.close()

    def _use(self, key: str, token: str, position: str | None) -> None:
        with self.history.operation(self.name, MODEL, key, "check", position) as pending:
            answer = self.http.ask("GET", "/api/v1/auth/me", None, token, position)
            if answer.settle(pending, True):
                return
            if answer.status == 401:
                pending.ok(False)
