"""Outcomes of requests, as far as a client knows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import certifi
import pytest

from proof.campaign.clients import base
from proof.campaign.clients.base import all_pages
from proof.campaign.clients.guards import AT_ONCE, FEW, GUESTS, LONG
from proof.campaign.clients.http import Answer, Http
from proof.campaign.clients.policies import Questioner
from proof.campaign.clients.rights import (
    RESTS_TAKEN,
    Asker,
    Community,
    Right,
    Rights,
    check,
)
from proof.campaign.extension import BULKHEADS, LIMITS, LOCK_LEASE
from proof.campaign.history import History, Outcome, Pending, read_operations
from proof.campaign.models import policies
from proof.campaign.models import rights as rights_model
from yoto.auth.guessing import SIGN_INS_OF_ANYBODY
from yoto.resilience.bulkhead.spares import SPARE_PART

GOES_ON = {"type": "idempotency-in-progress"}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200), "ok"),
        (Answer(204), "ok"),
        (Answer(403), "failed"),
        (Answer(409, {"type": "conflict"}), "failed"),
        (Answer(409, GOES_ON), "unknown"),
        (Answer(429), "failed"),
        (Answer(404, repeated=True), "unknown"),
        (Answer(500), "unknown"),
        (Answer(502, "<html>"), "unknown"),
        (Answer(503, {"type": "store-unavailable"}), "unknown"),
        (Answer(0, sent=False, error="ConnectionRefusedError()"), "failed"),
        (Answer(0, error="TimeoutError()"), "unknown"),
    ],
)
def test_only_what_was_refused_or_never_sent_is_known_not_to_have_happened(
    answer: Answer, outcome: Outcome
) -> None:
    pending = Pending()
    assert answer.settle(pending, "value") is (outcome == "ok")
    assert pending.outcome == outcome
    assert (pending.error is None) is (outcome == "ok")


class Pages(Http):
    """Answers every request with three pages."""

    def __init__(self) -> None:
        super().__init__("https://127.0.0.1:1", Path(certifi.where()))

    def ask(self, method: str, path: str, *_: object, **__: object) -> Answer:
        after = int(path.partition("&after=")[2] or 0)
        following = after + 2 if after < 4 else None
        return Answer(200, {"items": [{"id": after}, {"id": after + 1}], "next": following})


def test_a_list_is_read_to_its_last_page() -> None:
    items = all_pages(Pages(), "/roles?limit=2", "token")
    assert [one["id"] for one in items] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", BULKHEADS)
def test_more_guests_come_than_a_bulkhead_has_slots(name: str) -> None:
    assert FEW < BULKHEADS[name]["max_concurrent"] < GUESTS[name]


def test_some_hold_what_they_hold_for_longer_than_its_lease() -> None:
    leases = [LOCK_LEASE, *(fields["lease"] for fields in BULKHEADS.values())]
    assert LONG[0] > max(leases)


def test_a_lease_of_the_limit_that_lends_is_of_several_units() -> None:
    """At most an eighth of what is left (``limiter_lease.lua``)."""
    (lent,) = [fields for fields in LIMITS.values() if fields.get("mode") == "leased"]
    assert lent["limit"] // 8 >= 10
    assert lent["burst"] < AT_ONCE


def test_a_right_that_was_taken_rests_for_much_longer_than_answers_may_be_old() -> None:
    assert rights_model.BOUND * 2 < RESTS_TAKEN


def test_each_of_four_workers_may_keep_a_spare_slot() -> None:
    (spares,) = [fields for fields in BULKHEADS.values() if fields.get("mode") == "leased"]
    assert spares["max_concurrent"] // SPARE_PART // 4 >= 1


class Refuses(Http):
    """Answers every sign-in as a node does that has no database."""

    def __init__(self) -> None:
        super().__init__("https://127.0.0.1:1", Path(certifi.where()))
        self.asked = 0

    def ask(self, *_: object, **__: object) -> Answer:
        self.asked += 1
        return Answer(503)


def test_a_sign_in_is_not_tried_until_its_account_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(
        base.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds)
    )
    monkeypatch.setattr(base.time, "monotonic", lambda: clock[0])
    http = Refuses()
    with pytest.raises(RuntimeError, match="503"):
        base.sign_in(http, "somebody")
    (limit,) = [one.limit for one in SIGN_INS_OF_ANYBODY.dimensions if one.parts == ("user", "ip")]
    assert 5 < http.asked <= limit


def test_an_answer_that_comes_when_its_right_is_over_says_nothing(tmp_path: Path) -> None:
    class Late(Http):
        def ask(self, *_: object, **__: object) -> Answer:
            rights.now.pop("timeout")
            return Answer(200, {"allowed": True})

    http = Late("https://127.0.0.1:1", Path(certifi.where()))
    world = base.World(http.url, http.ca, History(tmp_path), seed=1)
    person = base.Person("somebody", 1, "t")
    right = Right("timeout:1", person, "message.send", 3, lambda give: Answer(200), True, "user:1")
    rights = Rights()
    asker = Asker(world, 1, rights)
    asker.http = http
    for _ in range(2):
        rights.now["timeout"] = right
        check(asker, right, None)
    world.history.close()
    assert [one.outcome for one in read_operations(tmp_path)] == ["unknown"] * 2


class Agrees(Http):
    """Answers everything, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("https://127.0.0.1:1", Path(certifi.where()))
        self.asked: list[tuple[str, Any]] = []

    def ask(self, method: str, path: str, body: Any = None, *_: object, **__: object) -> Answer:
        self.asked.append((path, body))
        said = {"id": 7, "access_token": "t", "decision": True}
        return Answer(201 if path.endswith("/register") else 200, said)


def test_policies_are_asked_each_time_in_another_context_and_where_they_deny(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = Agrees()
    monkeypatch.setattr(base.World, "http", lambda world: http)
    world = base.World(http.url, http.ca, History(tmp_path), seed=1)
    client = Questioner(world, Community(base.Person("owner", 1, "t"), 1, "code", channel=3))
    for _ in range(20):
        client.turn()
    world.history.close()
    questions = [body for path, body in http.asked if path == "/access/v1/evaluation"]
    assert len({one["context"]["question"] for one in questions}) == 20
    assert {one["resource"]["id"] for one in questions} == {"3", "7"}
    # This one allows all, also what a policy denies.
    assert policies.judge(read_operations(tmp_path), []).violations
