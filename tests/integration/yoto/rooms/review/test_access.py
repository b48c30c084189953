"""The people who can, since when, and by what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.support.statements import count_statements
from tests.support.world import Community, World
from yoto.errors import UnknownPermission, ValidationFailed
from yoto.permission.people.kinds import PUBLIC, Everyone, Team
from yoto.rooms.review.report import AccessLine
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import AuditRecord

PIN = "message.pin"
Review = Callable[[], dict[str, AccessLine]]


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server(world.user("owner"))


@pytest.fixture
def review(app: Flask, harbour: Community) -> Review:
    def lines() -> dict[str, AccessLine]:
        with app.app_context():
            page = permissions.review.who_can(PIN, "channel", harbour.channel_id)
            db.session.remove()
        return {line.username: line for line in page.lines}

    return lines


def test_each_way_is_told(app: Flask, world: World, harbour: Community, review: Review) -> None:
    boss = world.role(harbour, PIN, name="boss")
    heir = world.role(harbour, name="heir", parent_id=boss)
    chief = world.role(harbour, "server.administrator", name="chief")
    grouped = world.role(harbour, name="grouped")
    world.member(harbour, world.user("anna"), heir)
    world.member(harbour, world.user("berta"), chief)
    clara = world.member(harbour, world.user("clara"))
    world.member(harbour, world.user("dora"), grouped)
    world.member(harbour, world.user("nobody"))
    world.user("root", super_admin=True)
    with app.app_context():
        permissions.set_overwrite(harbour.channel_id, user_id=clara.id, allow=[PIN])
        group = permissions.register_group("pinning", [PIN]).ids[0]
        permissions.assign_group_to_role(group, grouped, "server", harbour.id)
        db.session.remove()
    found = review()
    ways = {
        name: [(way.kind, way.role, way.via, way.scope, way.group) for way in line.ways]
        for name, line in found.items()
    }
    server, channel = f"server:{harbour.id}", f"channel:{harbour.channel_id}"
    assert ways == {
        "owner": [("owner", None, (), server, None)],
        "anna": [("grant", "boss", (heir, boss), server, None)],
        "berta": [("administrator", "chief", (chief,), server, None)],
        "clara": [("overwrite", None, (), channel, None)],
        "dora": [("group", "grouped", (grouped,), server, "pinning")],
        "root": [("super_admin", None, (), "global", None)],
    }
    assert {name: line.reason for name, line in found.items()} == {
        "owner": "owner",
        "anna": "granted",
        "berta": "administrator",
        "clara": "granted",
        "dora": "granted",
        "root": "super_admin",
    }


def test_an_administrator_of_a_server_has_nothing_of_the_platforms_by_that(
    app: Flask, world: World, harbour: Community
) -> None:
    chief = world.role(harbour, "server.administrator", name="chief")
    operator = world.role(None, "platform.view", name="operator")
    anna = world.member(harbour, world.user("anna"), chief, operator)
    world.member(harbour, world.user("berta"), chief)
    with app.app_context():
        page = permissions.review.who_can("platform.view", "server", harbour.id)
        db.session.remove()
    [line] = page.lines
    assert line.user_id == anna.id
    assert [(way.kind, way.role) for way in line.ways] == [("grant", "operator")]


def test_what_a_later_step_takes_away_is_no_way(
    app: Flask, world: World, harbour: Community, review: Review
) -> None:
    crew = world.role(harbour, PIN, name="crew")
    clara = world.member(harbour, world.user("clara"), crew)
    world.member(harbour, world.user("dora"), crew)
    with app.app_context():
        permissions.assign_permissions_to_role(harbour.everyone_id, [PIN], "server", harbour.id)
        permissions.set_overwrite(harbour.channel_id, role_id=harbour.everyone_id, deny=[PIN])
        before = utcnow()
        permissions.set_overwrite(harbour.channel_id, user_id=clara.id, allow=[PIN])
        db.session.remove()
    found = review()
    assert [way.kind for way in found["clara"].ways] == ["overwrite"]
    assert found["clara"].since is not None and found["clara"].since >= before
    assert [way.kind for way in found["owner"].ways] == ["owner"]
    assert "dora" not in found


def test_an_allow_of_one_role_wins_over_a_deny_of_another_in_a_channel(
    app: Flask, world: World, harbour: Community, review: Review
) -> None:
    crew, quiet = world.role(harbour, PIN, name="crew"), world.role(harbour, name="quiet")
    world.member(harbour, world.user("anna"), crew, quiet)
    with app.app_context():
        permissions.set_overwrite(harbour.channel_id, role_id=quiet, deny=[PIN])
        db.session.remove()
    assert "anna" not in review()
    with app.app_context():
        permissions.assign_permissions_to_role(crew, [PIN], "channel", harbour.channel_id)
        db.session.remove()
    channel = f"channel:{harbour.channel_id}"
    assert [(way.kind, way.scope) for way in review()["anna"].ways] == [("grant", channel)]


def test_since_is_when_the_last_piece_came(
    app: Flask, world: World, harbour: Community, review: Review
) -> None:
    crew = world.role(harbour)
    person = world.member(harbour, world.user("anna"))
    start = utcnow()
    with app.app_context():
        permissions.assign_roles_to_user(person.id, [crew])
        between = utcnow()
        permissions.assign_permissions_to_role(crew, [PIN], "server", harbour.id)
        db.session.remove()
    since = review()["anna"].since
    assert since is not None and start < between < since <= utcnow()
    later = utcnow() - timedelta(seconds=1)
    world.assign(person, world.role(harbour, PIN), valid_from=later)
    assert review()["anna"].since == since, "the first way counts"


def test_a_role_switched_on_again_counts_from_then(
    app: Flask, world: World, harbour: Community, review: Review
) -> None:
    crew = world.role(harbour, PIN, active=False)
    world.member(harbour, world.user("anna"), crew)
    moment = utcnow()
    with app.app_context():
        permissions.update_role(crew, active=True)
        db.session.remove()
    since = review()["anna"].since
    assert since is not None and since > moment


def test_what_was_denied_counts_from_when_it_was_allowed(
    app: Flask, world: World, harbour: Community, review: Review
) -> None:
    """The row of a grant, or of an assignment, stays and keeps its time when it is changed."""
    denied = world.role(harbour, deny=[PIN])
    grouped = world.role(harbour)
    world.member(harbour, world.user("anna"), denied)
    world.member(harbour, world.user("berta"), grouped)
    clara = world.member(harbour, world.user("clara"))
    with app.app_context():
        group = permissions.register_group("pinning", [PIN]).ids[0]
        permissions.assign_group_to_role(group, grouped, "server", harbour.id, "deny")
        db.session.remove()
    lapsed = world.role(harbour, PIN)
    world.assign(clara, lapsed, valid_until=utcnow() - timedelta(hours=1))
    moment = utcnow()
    with app.app_context():
        permissions.assign_permissions_to_role(denied, [PIN], "server", harbour.id)
        permissions.assign_group_to_role(group, grouped, "server", harbour.id)
        permissions.assign_roles_to_user(clara.id, [lapsed])
        db.session.remove()
    for name in ("anna", "berta", "clara"):
        since = review()[name].since
        assert since is not None and since > moment, name


def test_an_overwrite_of_the_category_counts_from_when_the_channel_goes_by_it(
    app: Flask, world: World, harbour: Community
) -> None:
    category = world.category(harbour)
    channel = world.channel(harbour, category_id=category, synced=True)
    anna = world.member(harbour)
    with app.app_context():
        permissions.set_overwrite(at=("category", category), user_id=anna.id, allow=[PIN])
        db.session.remove()
    moment = utcnow()

    def since() -> datetime | None:
        with app.app_context():
            page = permissions.review.who_can(PIN, "channel", channel)
            db.session.remove()
        return {line.user_id: line.since for line in page.lines}[anna.id]

    assert since() is None, "nobody knows since when the channel is in sync"
    world.add(AuditRecord(at=moment, action="channel.sync", subject=f"channel:{channel}"))
    assert since() == moment


def test_what_the_log_does_not_tell_is_unknown(
    world: World, harbour: Community, review: Review
) -> None:
    anna = world.member(harbour, world.user("anna"))
    world.overwrite(channel=harbour.channel_id, user=anna, allow=[PIN])
    found = review()
    assert found["anna"].since is None and found["owner"].since is None


def test_an_owner_owns_it_since_the_transfer(
    world: World, harbour: Community, review: Review
) -> None:
    at = utcnow() - timedelta(days=1)
    world.add(
        AuditRecord(
            at=at,
            action="server.transfer",
            subject=f"server:{harbour.id}",
            server_id=harbour.id,
            after={"owner_id": harbour.owner.id},
        )
    )
    assert review()["owner"].since == at


def test_it_takes_as_many_statements_for_many_as_for_few(
    app: Flask, world: World, harbour: Community, review: Review
) -> None:
    def statements() -> int:
        """The fewest of some tries: threads of the application may ask something meanwhile."""
        tries = []
        for _ in range(3):
            with count_statements(app) as counted:
                review()
            tries.append(len(counted))
        return min(tries)

    crew = world.role(harbour, PIN)
    world.member(harbour, None, crew)
    few = statements()
    for _ in range(27):
        world.member(harbour, None, crew, world.role(harbour, PIN))
    assert statements() == few < 25


def test_pages_follow_each_other(app: Flask, world: World, harbour: Community) -> None:
    world.member(harbour, None, world.role(harbour, PIN))
    with app.app_context():
        first = permissions.review.who_can(PIN, "server", harbour.id, limit=1)
        second = permissions.review.who_can(
            PIN, "server", harbour.id, after=first.next_after, limit=1
        )
        db.session.remove()
    assert [line.user_id for line in first.lines] == [harbour.owner.id]
    assert len(second.lines) == 1 and second.lines[0].user_id > harbour.owner.id


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (("no.such", "server", 1), UnknownPermission),
        ((PIN, "planet", 1), ValidationFailed),
        ((PIN, "server", "1"), ValidationFailed),
        ((PIN, "server", 1, "x"), ValidationFailed),
    ],
)
def test_bad_input_is_refused(
    app: Flask, question: tuple[object, ...], error: type[Exception]
) -> None:
    with app.app_context(), pytest.raises(error):
        permissions.review.who_can(*question)  # type: ignore[arg-type]


@pytest.mark.parametrize("effect", ["allow", "deny"])
def test_overwrites_of_a_team_that_somebody_will_be_in_are_no_way_and_stand_in_none(
    app: Flask, world: World, harbour: Community, review: Review, effect: str
) -> None:
    pinning = world.role(harbour, PIN, name="pinning")
    person = world.member(harbour, world.user("anna"), pinning)
    with app.app_context():
        [team] = permissions.create_team("later").ids
        permissions.add_team_members(team, [person.id], utcnow() + timedelta(days=1))
        permissions.set_overwrite(harbour.channel_id, team_id=team, **{effect: [PIN]})
        explained = permissions.explain(person.id, PIN, "channel", harbour.channel_id)
    assert [way.kind for way in review()["anna"].ways] == ["grant"]
    assert [link.counts for link in explained.overwrites] == [False]


@pytest.mark.parametrize("whose", ["own", "team", "everyone", "public"])
def test_what_had_lapsed_began_when_it_was_given_anew_at_the_same_node(
    app: Flask, world: World, harbour: Community, review: Review, clock: Clock, whose: str
) -> None:
    anna, pinning = world.member(harbour, world.user("anna")), world.role(None, PIN)
    channel, lapsed = ("channel", harbour.channel_id), world.soon(-3600)
    with app.app_context():
        [crew] = permissions.create_team("crew").ids
        permissions.add_team_members(crew, [anna.id])
        holders = {"own": anna.id, "team": Team(crew), "public": PUBLIC}
        holders["everyone"] = Everyone("server", harbour.id)
        clock.now = world.soon(-7200).timestamp()
        permissions.assign(holders[whose], pinning, at=channel, valid_until=lapsed)
        clock.now = None
        renewed = utcnow()
        permissions.assign(holders[whose], pinning, at=channel)
        db.session.remove()
    [way] = review()["anna"].ways
    assert way.since is not None and way.since >= renewed
