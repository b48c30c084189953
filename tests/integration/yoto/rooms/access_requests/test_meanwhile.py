"""A request and the right that it lent, while others act at the same time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from app.models import Member, User
from tests.support.together import together
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.errors import UnknownResource, ValidationFailed, WriteConflict
from yoto.extensions import permissions
from yoto.rooms.access_requests import acts
from yoto.rooms.access_requests.settling import current_desk
from yoto.rooms.access_requests.states import AccessRequestClosed
from yoto.store.models import Role

PIN = "message.pin"


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community, world.user("member"))


@pytest.fixture
def asked(app: Flask, community: Community, member: Person) -> int:
    """A request of the member's for the channel."""
    with app.app_context():
        place = ("channel", community.channel_id)
        return permissions.access_requests.ask(member.id, PIN, *place, 600, "notes").id


def state_of(app: Flask, request_id: int) -> str:
    with app.app_context():
        return permissions.access_requests.get(request_id).life.state.value


def lending(world: World, community: Community) -> list[int]:
    """The roles that hold something lent."""
    lent = (Role.server_id == community.id) & Role.access_request_id.is_not(None)
    return [id_ for (id_,) in world.rows(select(Role.id).where(lent))]


def attempt(app: Flask, call: Callable[[], object]) -> str:
    """Make a call in a thread of its own: done, or the refusal by its name."""
    with app.app_context():
        try:
            call()
        except (AccessRequestClosed, WriteConflict) as error:
            return type(error).__name__
        return "done"


def test_of_two_who_grant_at_once_one_lends_and_the_other_hears_that_it_is_done(
    app: Flask, world: World, community: Community, asked: int
) -> None:
    lender = world.member(
        community, world.user("lender"), world.role(community, "channel.overwrite", PIN, position=5)
    )
    came = together(
        [
            lambda who=who: attempt(
                app, lambda: permissions.access_requests.grant(asked, actor_id=who)
            )
            for who in (community.owner.id, lender.id)
        ]
    )
    assert came.count("done") == 1
    assert len(lending(world, community)) == len(world.acts("access_request.grant")) == 1


def test_granted_and_withdrawn_at_once_nothing_stays_lent(
    app: Flask, world: World, community: Community, member: Person, asked: int
) -> None:
    granted, withdrawn = together(
        [
            lambda: attempt(
                app, lambda: permissions.access_requests.grant(asked, actor_id=community.owner.id)
            ),
            lambda: attempt(
                app, lambda: permissions.access_requests.withdraw(asked, actor_id=member.id)
            ),
        ]
    )
    assert withdrawn == "done"
    assert state_of(app, asked) == ("ended" if granted == "done" else "withdrawn")
    assert lending(world, community) == []


def test_what_is_over_ends_once_though_a_worker_dies_between_its_steps(
    app: Flask, world: World, community: Community, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nothing of the worker goes on, as after SIGKILL."""

    def dies(*given: object) -> None:
        raise Killed

    with app.app_context():
        desk = current_desk()
        desk.close()
        permissions.access_requests.grant(asked, actor_id=community.owner.id, seconds=1)
        wait_until(lambda: permissions.access_requests.get(asked).life.is_closed)
        # Before its commit, then after it.
        for owner, name in ((acts, "announce"), (desk, "publish")):
            with monkeypatch.context() as fatal, pytest.raises(Killed):
                fatal.setattr(owner, name, dies)
                permissions.access_requests.settle()
            assert len(lending(world, community)) == (name == "announce")
        permissions.access_requests.settle()
    assert len(world.acts("access_request.end")) == 1


def test_the_end_of_what_was_lent_spares_a_role_that_got_its_number(
    app: Flask, world: World, community: Community, member: Person, asked: int
) -> None:
    with app.app_context():
        desk = current_desk()
        desk.close()
        permissions.access_requests.grant(asked, actor_id=community.owner.id)
        [lent] = lending(world, community)
        permissions.delete_role(lent, actor_id=community.owner.id)
        # SQLite gives the highest number again.
        world.run(
            insert(Role).values(
                id=lent, home=f"server:{community.id}", name="gardeners", position=1
            )
        )
        world.assign(member, lent)
        permissions.access_requests.settle()
    assert state_of(app, asked) == "ended"
    assert world.rows(select(Role.name).where(Role.id == lent)) == [("gardeners",)]


@pytest.mark.parametrize("barred", ["banned", "timed out", "disabled"])
def test_who_was_barred_meanwhile_is_lent_nothing(
    app: Flask, world: World, community: Community, member: Person, asked: int, barred: str
) -> None:
    membership = update(Member).where(Member.user_id == member.id)
    world.run(
        {
            "banned": membership.values(banned=True),
            "timed out": membership.values(timeout_until=world.soon()),
            "disabled": update(User).where(User.id == member.id).values(disabled=True),
        }[barred]
    )
    with app.app_context(), pytest.raises(ValidationFailed, match="denied to them there"):
        permissions.access_requests.grant(asked, actor_id=community.owner.id)
    assert (state_of(app, asked), lending(world, community)) == ("open", [])


def test_a_channel_that_is_deleted_takes_its_requests_along(
    app: Flask,
    client: FlaskClient,
    world: World,
    community: Community,
    member: Person,
    asked: int,
) -> None:
    with app.app_context():
        channel = ("channel", community.channel_id)
        lent = permissions.access_requests.ask(
            member.id, "message.manage", *channel, 600, "spam"
        ).id
        permissions.access_requests.grant(lent, actor_id=community.owner.id)
    gone = client.delete(
        f"/api/v1/channels/{community.channel_id}", headers=community.owner.headers
    )
    assert gone.status_code == 204, gone.json
    with app.app_context():
        assert permissions.access_requests.inbox(community.owner.id) == ([], None)
        with pytest.raises(UnknownResource):
            permissions.access_requests.grant(asked, actor_id=community.owner.id)
        permissions.access_requests.withdraw(asked, actor_id=member.id)
        permissions.access_requests.settle()
    assert (state_of(app, asked), state_of(app, lent)) == ("withdrawn", "ended")
    assert lending(world, community) == []
