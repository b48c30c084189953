"""A member who asks what policies decide, each time with another context."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from proof.campaign.clients.base import Client, World, insist
from proof.campaign.clients.rights import Community, newcomer

MODEL = "policies"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# s that a verdict is given again: none. Input that policies do not read, such as the context, makes
# no difference to that.
SETTINGS = {"POLICY_CACHE_SECONDS": "0", "POLICY_CACHE_SECONDS_MAX": "0"}


def rules(now: datetime) -> dict[str, Any]:
    """Posting hours of a channel that are days away, in any time zone."""
    day = DAYS[(now.weekday() + 3) % len(DAYS)]
    return {"sensitivity": 0, "hours": {"days": [day], "from": "08:00", "to": "09:00"}}


class Questioner(Client):
    """Asks whether it may send a message where everybody may, and where a policy is against it."""

    pause = 0.5

    def __init__(self, world: World, place: Community) -> None:
        """Makes the second channel."""
        super().__init__(world, "questioner")
        self.person = newcomer(world, place, "questioner")
        self.numbers = itertools.count()
        http, owner = world.http(), place.owner.token
        path, body = f"/api/v1/servers/{place.server}/channels", {"name": "closed"}
        closed = insist(http, "POST", path, body, owner)["id"]
        insist(http, "PUT", f"/api/v1/channels/{closed}/rules", rules(datetime.now(UTC)), owner)
        http.close()
        self.channels = {True: place.channel, False: closed}

    def turn(self) -> None:
        may = self.rng.random() < 0.5
        channel = self.channels[may]
        question = {
            "subject": {"type": "user", "id": self.person.name},
            "action": {"name": "message.send"},
            "resource": {"type": "channel", "id": str(channel)},
            "context": {"question": next(self.numbers)},
        }
        with self.history.operation(self.name, MODEL, f"send:{channel}", "ask", may) as pending:
            answer = self.http.ask("POST", "/access/v1/evaluation", question, self.person.token)
            if answer.settle(pending):
                said = answer.body.get("context", {})
                pending.value = {"allowed": answer.body["decision"], "reason": said.get("reason")}
