"""OpenFGA's sample stores with ``and`` and ``but not``: by expressions, checks and both lists say
what the stores expect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.support.openfga import PUBLIC_NAME, START, STORES, Store
from tests.support.world import World
from yoto import PUBLIC, Application, Team
from yoto.permission import PermissionSystem, PolicyAnswer, PolicyQuestion
from yoto.permission.outbox.rules import watch_declared
from yoto.permission.state import get_state
from yoto.store.declarations import declarations_of
from yoto.store.resources import declare_resource, types_of


class Played:
    """A store in the database, and who its names are."""

    def __init__(self, app: Flask, world: World, store: Store) -> None:
        self.now = START.timestamp()
        self.store = store
        self.people = {name: world.user(name).id for name in store.people.split()}
        for name, above in store.types.items():
            declare_resource(app, name, parent=list(above) or None, shared="anyone")
        watch_declared(declarations_of(app).tables, types_of(app))
        self.programs: dict[str, Application] = {}
        self.system = PermissionSystem()

    def make(self) -> None:
        """Store its facts."""
        store, judged = self.store, self.store.judged.split()
        granted = {one for names in store.roles.values() for one in names.split()}
        for name in sorted(granted):
            scope, _, _ = name.partition(".")
            permissions.register_permission(name, scope=scope, abac=name in judged)
        roles: dict[str, int] = {}
        for name, names in store.roles.items():
            [roles[name]] = permissions.register_role(name).ids
            permissions.assign_permissions_to_role(roles[name], names.split())
        for name in store.programs.split():
            [number] = permissions.register_application(name).ids
            self.programs[name] = Application(number)
        teams: dict[str, int] = {}
        for name, members in store.teams.items():
            [teams[name]] = permissions.create_team(name).ids
            for one in members.split():
                if one.startswith("team:"):
                    permissions.add_team_parent(teams[one.removeprefix("team:")], teams[name])
                else:
                    permissions.add_team_members(teams[name], [self.people[one]])
        for node, above in store.nodes.items():
            permissions.put_resource(*_node(node), parent=None if above is None else _node(above))
        subjects = {
            PUBLIC_NAME: PUBLIC,
            **self.askers,
            **{f"team:{name}": Team(number) for name, number in teams.items()},
        }
        for who, role, at, *ends in store.held:
            until = START + ends[0] if ends else None
            permissions.assign(subjects[who], roles[role], _node(at), None, until)

    @property
    def askers(self) -> Mapping[str, Any]:
        """Everybody who may be asked about, by name."""
        return {**self.people, **self.programs}

    def judge(self, question: PolicyQuestion) -> PolicyAnswer:
        rule = self.store.rule
        assert rule is not None and question.context is not None
        [who] = [name for name, number in self.people.items() if number == question.user_id]
        node = f"{question.place.kind}:{question.place.id}"
        return PolicyAnswer(rule(question.permission, who, node, question.context), "rule")


@pytest.fixture
def played(app: Flask, world: World, request: pytest.FixtureRequest) -> Iterator[Played]:
    made = Played(app, world, STORES[request.param])
    with app.app_context():
        judged = get_state().judged
        made.system.init_app(app, policy=made.judge, judged=judged, clock=lambda: made.now)
        made.make()
        yield made


@pytest.mark.parametrize("played", list(STORES), indirect=True)
def test_checks_and_both_lists_say_what_the_store_expects(played: Played) -> None:
    store, system = played.store, played.system
    for asked in store.asked:
        played.now = (START + asked.after).timestamp()
        how: dict[str, Any] = {"expression": asked.expression, "context": asked.context}
        nodes = [one for one in store.nodes if _node(one)[0] == asked.type]
        expected = {one: sorted(asked.allowed.get(one, "").split()) for one in nodes}
        for who, id_ in played.askers.items():
            mine = [one for one in nodes if who in expected[one]]
            one_by_one = [
                one
                for one in nodes
                if system.decide_expression(
                    id_, asked.expression, *_node(one), context=asked.context
                ).allowed
            ]
            assert one_by_one == mine, (asked, who)
            listed = system.list_resources(id_, scope=asked.type, **how).ids
            assert sorted(listed) == sorted(_node(one)[1] for one in mine), (asked, who)
        names = {id_: who for who, id_ in played.askers.items()}
        for one in nodes:
            found = system.list_users(None, *_node(one), **how).ids
            assert sorted(names[id_] for id_ in found) == expected[one], (asked, one)


def _node(text: str) -> tuple[str, str]:
    kind, _, id_ = text.partition(":")
    return kind, id_
