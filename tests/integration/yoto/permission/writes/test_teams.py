"""Teams and programs: how deep teams stand, and who may change those who are in them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.integration.yoto.permission.town import Town
from tests.support.statements import count_statements
from tests.support.world import World
from yoto import Application, Team
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.permission.rank.teams import MOST_DEEP, TOO_DEEP
from yoto.store.db import db

PIN = "message.pin"


@pytest.fixture
def program(app: Flask) -> Application:
    with app.app_context():
        return Application(permissions.register_application("robot").ids[0])


@pytest.fixture
def pilots(app: Flask, program: Application) -> int:
    """A team with the program in it."""
    with app.app_context():
        [team] = permissions.create_team("pilots").ids
        permissions.add_team_members(team, [program])
    return team


def reason_of(write: Callable[[], object]) -> str:
    """Why a write is denied."""
    with pytest.raises(PermissionDenied) as denied:
        write()
    assert not isinstance(denied.value.decision, str)
    return denied.value.decision.reason


def chain(length: int, name: str) -> list[int]:
    """Teams, each below the next."""
    made = [permissions.create_team(f"{name} {number}").ids[0] for number in range(length)]
    for below, above in zip(made, made[1:], strict=False):
        permissions.add_team_parent(below, above)
    return made


def test_the_longest_way_from_team_to_team_says_how_deep_they_stand(app: Flask) -> None:
    with app.app_context():
        long = chain(MOST_DEEP - 1, "long")
        [bottom] = permissions.create_team("bottom").ids
        # A short way to the top team beside the long one.
        permissions.add_team_parent(bottom, long[-1])
        permissions.add_team_parent(bottom, long[0])
        below, above = (permissions.create_team(name).ids[0] for name in ("below", "above"))
        for team, parent in ((below, bottom), (long[-1], above)):
            with pytest.raises(ValidationFailed) as refused:
                permissions.add_team_parent(team, parent)
            assert refused.value.errors == {"parent_id": [TOO_DEEP]}
        permissions.add_team_parent(below, long[0])


def test_a_name_is_said_to_be_taken_by_one_of_its_kind(app: Flask, pilots: int) -> None:
    with app.app_context():
        for make, name, kind in (
            (permissions.create_team, "pilots", "team"),
            (permissions.register_application, "robot", "application"),
        ):
            with pytest.raises(ValidationFailed) as refused:
                make(name)
            assert refused.value.errors == {"name": [f"another {kind} has this name"]}


def test_two_who_nest_teams_at_once_make_no_circle(app: Flask) -> None:
    """Nor with teams between that neither of them names."""
    with app.app_context():
        first, second = chain(2, "first"), chain(2, "second")
    refused: list[ValidationFailed] = []

    def close() -> None:
        with app.app_context():
            try:
                permissions.add_team_parent(second[-1], first[0])
            except ValidationFailed as error:
                refused.append(error)

    rival = threading.Thread(target=close)
    with app.app_context():
        permissions.add_team_parent(first[-1], second[0], commit=False)
        rival.start()
        rival.join(0.5)  # it is done by then, or waits for this one
        db.session.commit()
    rival.join()
    assert [list(error.errors) for error in refused] == [["parent_id"]]


def test_a_program_with_a_higher_role_is_left_what_it_has(
    app: Flask, town: Town, program: Application, pilots: int
) -> None:
    with app.app_context():
        permissions.assign(program, town.high)
        permissions.assign(program, town.low)
        permissions.assign(Team(pilots), town.low)
        for write in (
            lambda who: permissions.remove_team_members(pilots, [program], actor_id=who),
            lambda who: permissions.unassign(program, town.low, actor_id=who),
        ):
            assert reason_of(lambda: write(town.actor.id)) == "outranked"
            write(town.boss.id)
        assert (
            reason_of(
                lambda: permissions.set_overwrite(
                    town.channel, user_id=program, deny=["message.send"], actor_id=town.actor.id
                )
            )
            == "role_too_high"
        )


def test_a_program_without_roles_stands_below_everybody(
    app: Flask, town: Town, program: Application, pilots: int
) -> None:
    with app.app_context():
        permissions.assign(Team(pilots), town.low)
        permissions.set_overwrite(
            town.channel, user_id=program, deny=["message.send"], actor_id=town.actor.id
        )
        permissions.set_application_disabled(program.id, True, actor_id=town.actor.id)
        permissions.set_application_disabled(program.id, False, actor_id=town.actor.id)
        permissions.remove_team_members(pilots, [program], actor_id=town.actor.id)


def test_nobody_above_is_taken_out_of_a_team_that_has_nothing_but_an_overwrite(
    app: Flask, town: Town, pilots: int
) -> None:
    with app.app_context():
        permissions.add_team_members(pilots, [town.boss.id, town.junior.id])
        permissions.set_overwrite(town.channel, team_id=pilots, allow=[PIN])

        def remove(user_id: int) -> None:
            permissions.remove_team_members(pilots, [user_id], actor_id=town.actor.id)

        assert reason_of(lambda: remove(town.boss.id)) == "outranked"
        remove(town.junior.id)


def test_those_in_a_team_are_compared_in_one_statement_for_each_home(
    app: Flask, world: World, town: Town
) -> None:
    def delete(members: int) -> int:
        with app.app_context():
            [team] = permissions.create_team("seamen").ids
            permissions.add_team_members(team, world.members(town.community, members))
            permissions.assign(Team(team), town.low)
            with count_statements(app) as counted:
                permissions.delete_team(team, actor_id=town.actor.id)
        return len(counted)

    assert delete(2) == delete(6)


def test_a_program_is_switched_off_by_nobody_below_it(
    app: Flask, town: Town, program: Application
) -> None:
    with app.app_context():
        permissions.assign(program, town.high)

        def switch_off(who: int) -> None:
            permissions.set_application_disabled(program.id, True, actor_id=who)

        assert reason_of(lambda: switch_off(town.actor.id)) == "outranked"
        switch_off(town.boss.id)


def test_a_program_is_neither_switched_off_nor_on_by_what_is_no_flag(
    app: Flask, program: Application
) -> None:
    flag: Any
    with app.app_context():
        for flag in ("false", 0, None):
            with pytest.raises(ValidationFailed) as refused:
                permissions.set_application_disabled(program.id, flag)
            assert list(refused.value.errors) == ["disabled"]


def test_a_program_is_switched_on_by_who_could_give_it_all_that_it_gets(
    app: Flask, world: World, town: Town, program: Application, pilots: int
) -> None:
    bare = world.role(town.community, position=8, name="bare")
    with app.app_context():
        [above] = permissions.create_team("above").ids
        permissions.add_team_parent(pilots, above)
        permissions.set_application_disabled(program.id, True)

        def switch_on(who: int) -> None:
            permissions.set_application_disabled(program.id, False, actor_id=who)

        at = ("channel", town.channel)
        for give, take, reason in (
            (
                lambda: permissions.assign(Team(above), town.high, at=at),
                lambda: permissions.unassign(Team(above), town.high, at=at),
                "lacks_permission",
            ),
            (
                lambda: permissions.assign(Team(above), bare),
                lambda: permissions.unassign(Team(above), bare),
                "role_too_high",
            ),
            (
                lambda: permissions.set_overwrite(town.channel, team_id=above, allow=[PIN]),
                lambda: permissions.clear_overwrite(town.channel, team_id=above),
                "lacks_permission",
            ),
            (
                lambda: permissions.set_overwrite(town.channel, user_id=program, allow=[PIN]),
                lambda: permissions.clear_overwrite(town.channel, user_id=program),
                "lacks_permission",
            ),
        ):
            give()
            assert reason_of(lambda: switch_on(town.actor.id)) == reason
            take()
        switch_on(town.actor.id)
