"""Taking back what happened to accounts, and to members of a community."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from app.blueprints.servers.membership import leave
from app.extensions import permissions
from tests.integration.yoto.rooms.review.reversal.conftest import PAPER, PROJECT, READ, Papers
from tests.support.world import World
from yoto.permission.people.kinds import Team
from yoto.store.columns import utcnow
from yoto.store.db import db


def test_somebody_whose_account_is_deleted_lost_what_they_held(
    papers: Papers, reader: int, delete_account: Callable[[int], None]
) -> None:
    who = papers.member
    permissions.assign(who, reader, at=PAPER)
    papers.takes(who, lambda: delete_account(who))
    found = permissions.review.difference(READ, *PAPER, since=papers.since)
    assert any(f"where user:{who} belonged" in note for note in found.unknown)


def test_a_deleted_account_comes_back_to_its_teams_and_overwrites(
    papers: Papers, reader: int, delete_account: Callable[[int], None]
) -> None:
    [team] = permissions.create_team("night shift").ids
    permissions.assign(Team(team), reader, at=PROJECT)
    permissions.add_team_members(team, [papers.member])
    permissions.set_overwrite(at=PAPER, user_id=papers.outsider, deny=[READ])
    permissions.add_team_members(team, [papers.outsider])
    papers.takes(papers.member, lambda: delete_account(papers.member))
    papers.now()
    delete_account(papers.outsider)
    assert papers.turns() == ([], [])


def test_that_somebody_was_deleted_is_said_wherever_they_could_have_been(
    papers: Papers, delete_account: Callable[[int], None]
) -> None:
    papers.now()
    delete_account(papers.outsider)
    found = permissions.review.difference("admin.audit", "global", since=papers.since)
    assert [note for note in found.unknown if f"user:{papers.outsider}" in note]


def test_who_leaves_a_server_loses_what_they_held_in_one_channel(app: Flask, world: World) -> None:
    permissions.init_app(app)
    harbour = world.server()
    person, channel = world.member(harbour), harbour.channel_id
    with app.app_context():
        [pilot] = permissions.register_role("pilot", harbour.id).ids
        permissions.assign_permissions_to_role(pilot, ["message.pin"])
        permissions.assign(person.id, pilot, at=("channel", channel))
        since = utcnow()
        leave(harbour.id, person.id)
        for place, lost in (("channel", channel), [person.id]), (("server", harbour.id), []):
            found = permissions.review.difference("message.pin", *place, since=since)
            assert ([turn.user_id for turn in found.lost], found.unknown) == (lost, ())
        db.session.remove()


def test_what_the_application_alone_knows_is_unknown(papers: Papers) -> None:
    found = permissions.review.difference(READ, *PAPER, since=papers.since)
    assert [note for note in found.unknown if "who belonged there" in note]
