"""Going back in time by the audit log: random changes, and who could do what after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.support.examples import some_of
from tests.support.require import TEST_ALL
from tests.support.world import Community, Person, World
from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.outbox import deletion_records
from yoto.permission.verdict.resolver import FlatPlace, flatten
from yoto.rooms.review import difference, history
from yoto.rooms.review.report import AccessDifference
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import AuditRecord

READ, SEND, PIN = "channel.read", "message.send", "message.pin"
NAMES = (READ, SEND, PIN, "server.administrator")
CHANGES, PAIRS = (40, 12) if TEST_ALL else (25, 8)


@dataclass
class Town:
    """A server and the pieces that random changes are made of."""

    app: Flask
    harbour: Community
    people: list[Person]
    roles: list[int]
    groups: list[int]
    random: Random

    def change(self) -> None:
        """One random write; one that would change nothing is refused and changes nothing."""
        random, role = self.random, self.random.choice(self.roles)
        group = random.choice(self.groups)
        user_id = random.choice(self.people).id
        name, effect = random.choice(NAMES), random.choice(("allow", "allow", "deny"))
        channel, server_id = self.harbour.channel_id, self.harbour.id
        scope = random.choice((("server", server_id), ("channel", channel), (None, None)))
        target = random.choice(({"role_id": role}, {"user_id": user_id}))
        until = random.choice((None, utcnow() + timedelta(hours=1)))
        parent = random.choice((None, *self.roles))
        if random.random() < 0.05:
            self._replace(role)
            return
        if random.random() < 0.05:
            self._replace_group(group)
            return
        calls: list[Callable[[], Any]] = [
            lambda: permissions.assign_roles_to_user(user_id, [role], valid_until=until),
            lambda: permissions.revoke_roles_from_user(user_id, [role]),
            lambda: permissions.assign_permissions_to_role(role, [name], *scope, effect=effect),
            lambda: permissions.revoke_permissions_from_role(role, [name], *scope),
            lambda: permissions.assign_group_to_role(group, role, *scope, effect=effect),
            lambda: permissions.remove_group_from_role(group, role, *scope),
            lambda: permissions.assign_permission_to_group(group, [name]),
            lambda: permissions.remove_permission_from_group(group, [name]),
            lambda: permissions.update_role(role, active=random.random() < 0.6),
            lambda: permissions.update_role(role, parent=parent),
            lambda: permissions.set_overwrite(channel, **target, **{effect: [name]}),
            lambda: permissions.clear_overwrite(channel, **target),
        ]
        try:
            random.choice(calls)()
        except ValidationFailed:
            db.session.rollback()

    def _replace(self, role: int) -> None:
        """Delete a role with all that it has, and make another one."""
        if role == self.harbour.everyone_id:
            return
        server_id = None if role == self.roles[-1] else self.harbour.id
        permissions.delete_role(role)
        made = permissions.register_role(f"after {role}", server_id)
        self.roles[self.roles.index(role)] = made.ids[0]

    def _replace_group(self, group: int) -> None:
        permissions.delete_group(group)
        made = permissions.register_group(f"after {group}", [self.random.choice(NAMES)])
        self.groups[self.groups.index(group)] = made.ids[0]

    def able(self, name: str) -> set[int]:
        page = permissions.review.who_can(name, "channel", self.harbour.channel_id)
        assert all(line.ways for line in page.lines), "nobody can without a way to"
        return {line.user_id for line in page.lines}


@pytest.fixture
def town(app: Flask, world: World, request: pytest.FixtureRequest) -> Town:
    permissions.init_app(app)  # thousands of writes need no cache
    harbour = world.server(grants=[READ])
    people = [world.member(harbour) for _ in range(4)]
    roles = [harbour.everyone_id, *(world.role(harbour) for _ in range(3)), world.role(None)]
    with app.app_context():
        groups = [permissions.register_group(name).ids[0] for name in ("seals", "keys")]
        db.session.remove()
    return Town(app, harbour, people, roles, groups, Random(request.node.name))


@pytest.mark.parametrize("turn", some_of(range(3), 1))
def test_what_the_log_takes_back_is_what_was_there(town: Town, turn: int) -> None:
    moments: list[tuple[datetime, dict[str, set[int]]]] = []
    with town.app.app_context():
        for _ in range(CHANGES):
            moments.append((utcnow(), {name: town.able(name) for name in NAMES}))
            town.change()
        for _ in range(PAIRS):
            first, second = sorted(town.random.sample(range(len(moments)), 2))
            (since, before), (until, after) = moments[first], moments[second]
            name = town.random.choice(NAMES)
            found = permissions.review.difference(
                name, "channel", town.harbour.channel_id, since=since, until=until
            )
            assert {turn.user_id for turn in found.gained} == after[name] - before[name]
            assert {turn.user_id for turn in found.lost} == before[name] - after[name]
            assert not any("does not hold" in note for note in found.unknown)
            for one in (*found.gained, *found.lost):
                assert one.at is not None and since < one.at <= until, one
        db.session.remove()


Differ = Callable[..., AccessDifference]


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


@pytest.fixture
def differ(app: Flask, harbour: Community) -> Differ:
    def compared(since: datetime, name: str = PIN, **more: Any) -> AccessDifference:
        with app.app_context():
            found = permissions.review.difference(
                name, "channel", harbour.channel_id, since=since, **more
            )
            db.session.remove()
        return found

    return compared


def audited(world: World, harbour: Community, action: str, subject: str, **values: Any) -> None:
    world.add(
        AuditRecord(
            actor_id=harbour.owner.id,
            action=action,
            subject=subject,
            server_id=harbour.id,
            **values,
        )
    )


def test_each_turn_names_the_change_that_made_it(
    app: Flask, world: World, harbour: Community, differ: Differ
) -> None:
    crew, other = world.role(harbour, PIN), world.role(harbour)
    person = world.member(harbour)
    since = utcnow()
    with app.app_context():
        permissions.assign_roles_to_user(person.id, [crew], actor_id=harbour.owner.id)
        permissions.assign_permissions_to_role(other, [PIN], "server", harbour.id)
        db.session.remove()
    [turn] = differ(since).gained
    assert (turn.user_id, turn.action, turn.actor_id) == (
        person.id,
        "role.assign",
        harbour.owner.id,
    )
    assert differ(utcnow() - timedelta(microseconds=1)).gained == ()


def test_a_team_with_nothing_but_an_overwrite_lets_its_members_in_and_out(
    app: Flask, world: World, harbour: Community, differ: Differ
) -> None:
    person, channel = world.member(harbour), harbour.channel_id
    with app.app_context():
        [pilots], [seamen] = (permissions.create_team(name).ids for name in ("pilots", "seamen"))
        permissions.add_team_members(pilots, [person.id])
        permissions.add_team_parent(pilots, seamen)
        before = utcnow()
        permissions.set_overwrite(channel, team_id=seamen, allow=[PIN])
        assert permissions.check_permission(person.id, PIN, "channel", channel)
        allowed = utcnow()
        db.session.remove()
    [turn] = differ(before).gained
    assert (turn.user_id, turn.action) == (person.id, "overwrite.set")
    assert (differ(allowed).gained, differ(allowed).lost) == ((), ())
    with app.app_context():
        permissions.clear_overwrite(channel, team_id=seamen)
        assert not permissions.check_permission(person.id, PIN, "channel", channel)
        db.session.remove()
    [turn] = differ(allowed).lost
    assert (turn.user_id, turn.action) == (person.id, "overwrite.clear")
    [turn] = differ(before, until=allowed).gained
    assert turn.user_id == person.id


def test_changes_of_single_users_lay_the_place_out_only_once_for_each_moment(
    app: Flask, world: World, harbour: Community, differ: Differ, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else ten thousand members with as many changes would take minutes."""
    crew = world.role(harbour, PIN)
    ids, since = sorted(world.members(harbour, 8)), utcnow()
    with app.app_context():
        for user_id in ids:
            permissions.assign_roles_to_user(user_id, [crew])
        db.session.remove()
    made: list[object] = []

    def counted(*facts: Any) -> FlatPlace:
        made.append(facts)
        return flatten(*facts)

    monkeypatch.setattr(history, "flatten", counted)
    assert [turn.user_id for turn in differ(since).gained] == ids
    assert len(made) <= 2


def test_who_came_and_who_went(world: World, harbour: Community, differ: Differ) -> None:
    since = utcnow()
    comer, goer, banned = world.member(harbour), world.user(), world.user()
    audited(world, harbour, "member.join", f"user:{comer.id}", after={"how": "public"})
    audited(world, harbour, "member.leave", f"user:{goer.id}")
    world.ban(harbour, banned)
    before = {"member": True, "roles": [], "timeout_until": None}
    audited(world, harbour, "member.ban", f"user:{banned.id}", before=before)
    found = differ(since, SEND)
    assert [turn.user_id for turn in found.gained] == [comer.id]
    assert [turn.user_id for turn in found.lost] == [goer.id, banned.id]
    assert any(f"does not hold roles of user:{goer.id}" in note for note in found.unknown)


def test_a_new_owner_and_a_lifted_time_out(
    world: World, harbour: Community, differ: Differ
) -> None:
    since = utcnow()
    old, quiet = world.member(harbour), world.member(harbour)
    audited(
        world,
        harbour,
        "server.transfer",
        f"server:{harbour.id}",
        before={"owner_id": old.id},
        after={"owner_id": harbour.owner.id},
    )
    audited(
        world,
        harbour,
        "member.timeout",
        f"user:{quiet.id}",
        before={"timeout_until": world.soon().isoformat()},
        after={"timeout_until": None},
    )
    found = differ(since)
    assert [turn.user_id for turn in found.gained] == [harbour.owner.id]
    assert [turn.user_id for turn in found.lost] == [old.id]
    assert [turn.user_id for turn in differ(since, SEND).gained] == [quiet.id]


def test_a_window_that_ended_by_itself_has_no_change_to_name(
    world: World, harbour: Community, differ: Differ
) -> None:
    person, since = world.member(harbour), utcnow()
    end = since + timedelta(microseconds=1)
    world.assign(person, world.role(harbour, PIN), valid_until=end)
    found = differ(since)
    assert [(turn.user_id, turn.record_id) for turn in found.lost] == [(person.id, None)]


def test_what_the_log_does_not_have_is_called_unknown(
    app: Flask, world: World, harbour: Community, differ: Differ, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = world.role(harbour, PIN)
    world.members(harbour, 2, crew)
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    assert any(note.startswith("the audit log ") for note in differ(long_ago).unknown)
    assert any("was registered at" in note for note in differ(long_ago).unknown)
    since = utcnow()
    monkeypatch.setattr(deletion_records, "KEPT_MAX", 1)
    with app.app_context():
        permissions.delete_role(crew)
        db.session.remove()
    [unknown] = differ(since).unknown
    assert f"does not hold holders of role:{crew}" in unknown


def test_more_changes_than_can_be_taken_back_are_called_unknown(
    world: World, harbour: Community, differ: Differ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(difference, "RECORDS_MAX", 2)
    start = utcnow()
    person = world.member(harbour)
    crew = world.role(harbour, PIN)
    with world.app.app_context():
        permissions.assign_roles_to_user(person.id, [crew])
        permissions.update_role(crew, active=False)
        assert not any("too many" in note for note in differ(start).unknown)
        permissions.update_role(crew, active=True)
        db.session.remove()
    assert any("too many changes" in note for note in differ(start).unknown)


def test_policies_make_it_unknown(app: Flask, harbour: Community, differ: Differ) -> None:
    with app.app_context():
        permissions.register_permission("tide.read", "tides")
        permissions.batch_register_permissions([{"name": "tide.turn", "abac": True}])
        since = utcnow()
        db.session.remove()
    assert not any("policies" in note for note in differ(since, "tide.read").unknown)
    assert any("policies" in note for note in differ(since, "tide.turn").unknown)


def test_before_the_place_was_made_nobody_could(
    world: World, harbour: Community, differ: Differ
) -> None:
    since = utcnow()
    audited(world, harbour, "channel.create", f"channel:{harbour.channel_id}")
    assert [turn.user_id for turn in differ(since).gained] == [harbour.owner.id]


def test_a_channel_that_left_its_category_is_judged_by_it(
    app: Flask, world: World, harbour: Community
) -> None:
    category = world.category(harbour)
    channel = world.channel(harbour, category_id=category, synced=False)
    person = world.member(harbour)
    world.overwrite(category=category, user=person, allow=[PIN])
    since = utcnow()
    audited(
        world,
        harbour,
        "channel.unsync",
        f"channel:{channel}",
        before={"synced": True},
        after={"synced": False},
    )
    with app.app_context():
        found = permissions.review.difference(PIN, "channel", channel, since=since)
        db.session.remove()
    assert [turn.user_id for turn in found.lost] == [person.id]


def test_changes_past_the_log_are_not_made_up(
    world: World, harbour: Community, differ: Differ
) -> None:
    """Rows that no record speaks of are taken as they are, at both moments."""
    since, person = utcnow(), world.member(harbour)
    world.overwrite(channel=harbour.channel_id, user=person, allow=[PIN])
    assert (differ(since).gained, differ(since).lost) == ((), ())


@pytest.mark.parametrize(
    ("scope", "times", "error", "field"),
    [
        (("channel", 10**9), {}, UnknownResource, "channel_id"),
        (("planet", 1), {}, ValidationFailed, "scope"),
        (("global", None), {"since": "yesterday"}, ValidationFailed, "since"),
        (("global", None), {"since": datetime(2026, 1, 1)}, ValidationFailed, "since"),
        (("global", None), {"until": 3600}, ValidationFailed, "until"),
        (("global", None), {"since": -1, "until": -2}, None, "since"),
    ],
)
def test_bad_input_names_the_field(
    app: Flask,
    scope: tuple[str, int | None],
    times: dict[str, Any],
    error: type[ValidationFailed] | None,
    field: str,
) -> None:
    # Moments are seconds from now: a run is longer than the hour that one lies ahead.
    given = {
        name: World.soon(one) if isinstance(one, int) else one
        for name, one in ({"since": -60} | times).items()
    }
    with app.app_context(), pytest.raises(error or ValidationFailed) as raised:
        permissions.review.difference(SEND, *scope, **given)
    assert list(raised.value.errors) == [field]
