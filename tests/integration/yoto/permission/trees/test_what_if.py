"""Acts foretold, against doing them: everybody is asked everywhere before and after.

Random worlds of random types, with teams, programs, everybody and the public, go through writes of
all kinds that there is an act for.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection
from random import Random
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.trees.replaying import Replay
from tests.integration.yoto.permission.trees.tables import moment
from tests.support.trees import changes as c
from tests.support.trees import model
from tests.support.trees import writes as w
from tests.support.trees.changes import accepted
from tests.support.trees.model import Asker, NodeId
from tests.support.trees.worlds import building, skeleton
from tests.support.trees.writes import Write
from yoto.errors import ValidationFailed
from yoto.nodes import shown_text, text_of
from yoto.permission import number_of, subject_text

# In this one somebody gains and somebody loses something; others on demand.
SURE = (3,)
SEEDS = (*SURE, *range(200, 200 + int(os.environ.get("YOTO_TEST_STORIES", "0"))))
WRITES = 8
MAKERS = (
    *(c.set_overwrite, c.clear_overwrite, c.grant, c.revoke, c.assign, c.unassign),
    *(c.add_role_parent, c.remove_role_parent, c.set_role_active),
)

Held = dict[tuple[int, str], set[str]]
Changes = dict[tuple[int, str, bool], set[str]]


class Told:
    """The changes foretold of acts on one world on the platform."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def act(self, write: Write) -> dict[str, Any] | None:
        """The act that a write is; None: there is none."""
        roles = self._replay._roles
        match write:
            case w.Grant(role=role, permission=name, scope=scope):
                given = {"permissions": [name], "effect": write.effect, **self._at(scope)}
                return {"act": "role.grant", "role_id": roles[role], **given}
            case w.Revoke(role=role, permission=name, scope=scope):
                given = {"permissions": [name], **self._at(scope)}
                return {"act": "role.revoke", "role_id": roles[role], **given}
            case w.SetOverwrite(node=node, target=target):
                given = {"allow": list(write.allow), "deny": list(write.deny), **self._at(node)}
                return {"act": "overwrite.set", "target": self._target(target), **given}
            case w.ClearOverwrite(node=node, target=target):
                given = self._at(node)
                return {"act": "overwrite.clear", "target": self._target(target), **given}
            case w.AddRoleParent(role=role, parent=parent):
                given = {"role_id": roles[role], "parent_id": roles[parent]}
                return {"act": "role.add_parent", **given}
            case w.RemoveRoleParent(role=role, parent=parent):
                given = {"role_id": roles[role], "parent_id": roles[parent]}
                return {"act": "role.remove_parent", **given}
            case w.SetRoleActive(role=role, active=active):
                return {"act": "role.update", "role_id": roles[role], "active": active}
            case w.Unassign(subject=subject, role=role, node=node):
                given = {"subject": self._subject(subject), **self._at(node)}
                return {"act": "role.unassign", "role_id": roles[role], **given}
            case w.Assign(subject=subject, role=role, node=node, window=window):
                if isinstance(subject, model.Person) and self._replay._is_outside(write):
                    return None
                given = {"subject": self._subject(subject), **self._at(node)}
                given["valid_from"] = moment(window.from_)
                given["valid_until"] = moment(window.until)
                return {"act": "role.assign", "role_id": roles[role], **given}
        return None

    def _at(self, node: NodeId | None) -> dict[str, Any]:
        if node is None:
            return {}
        return dict(zip(("scope", "scope_id"), self._replay.place(node), strict=True))

    def _subject(self, subject: model.Subject) -> str:
        return subject_text(self._replay._subject(subject))

    def _target(self, target: model.Target) -> str:
        if isinstance(target, model.RoleTarget):
            return f"role:{self._replay._roles[target.id]}"
        return subject_text(self._replay._subject(target))

    def everything(self) -> Held:
        """All that everybody has everywhere, asked one by one."""
        world = self._replay.world
        askers: list[Asker] = [model.Person(id_) for id_ in world.people]
        askers += [*(model.Application(id_) for id_ in world.applications), model.PUBLIC]
        found: Held = {}
        for asker in askers:
            number = number_of(self._replay.number(asker))
            for node in (None, *world.nodes):
                place = "global"
                if node is not None:
                    place = shown_text(text_of(*self._replay.place(node)))
                found[number, place] = self._replay.found(asker, node) or set()
        return found


def said(rng: Random, act: dict[str, Any], known: Collection[str]) -> tuple[Changes, float]:
    """All pages of it: by person, permission and direction, the places; and the moment.

    Administrators gain what other worlds know, too, which is left out.
    """
    found: Changes = defaultdict(set)
    after, limit = None, rng.randint(1, 3)
    while True:
        page = permissions.what_if.try_act(act, after=after, limit=limit, numbers=True)
        assert len(page.items) <= limit
        assert page.complete == (after is None and page.next_after is None)
        for item in page.items:
            for gains, verdicts in ((True, item.gained), (False, item.lost)):
                for one in (each for each in verdicts if each.permission in known):
                    key = item.user_id, one.permission, gains
                    assert one.count == len(one.places), "the worlds are small"
                    assert found[key].isdisjoint(one.places), "told twice"
                    found[key] |= set(one.places)
        after = page.next_after
        if after is None:
            return found, page.at.timestamp()


def between(before: Held, after: Held) -> Changes:
    found: Changes = defaultdict(set)
    for (number, place), had in before.items():
        has = after[number, place]
        for name in had ^ has:
            found[number, name, name in has].add(place)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_what_comes_of_the_act(trees: Flask, clock: Clock, seed: int) -> None:
    rng = Random(seed)
    world = skeleton(rng, seed % 8 + 1)
    clock.now = c.MOMENTS[0]
    replay = Replay(trees, clock, world)
    replay.make()
    replay.perform_all(building(rng, world))
    told, turned = Told(replay), {True: 0, False: 0}
    seen: dict[float, Held] = {}
    for _ in range(WRITES):
        write = accepted(rng.choice(MAKERS), rng, world)
        act = None if write is None else told.act(write)
        if write is None or act is None:
            continue
        try:
            changes, at = said(rng, act, world.permissions)
        except ValidationFailed as error:
            # The story is told at one moment, and windows may be over by then.
            assert error.errors.keys() == {"valid_until"}, (seed, act, error)
            continue
        clock.now, now = at, clock.now
        before = seen.get(at) or told.everything()
        replay.perform(write)
        seen = {at: told.everything()}
        real = between(before, seen[at])
        clock.now = now
        assert changes == real, (seed, act)
        for _, _, gains in real:
            turned[gains] += 1
    replay.end()
    assert all(turned.values()) or seed not in SURE, "nothing that anybody could notice was done"
