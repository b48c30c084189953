"""Random changes of a world: each is one that a platform accepts, most bear upon something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from tests.support.trees.acceptance import administrators
from tests.support.trees.model import (
    ALLOW,
    ALWAYS,
    DENY,
    LOCAL,
    PUBLIC,
    Application,
    Everyone,
    Id,
    NodeId,
    Person,
    RoleTarget,
    Subject,
    Target,
    Team,
    Window,
    World,
)
from tests.support.trees.shape import ancestors_and_self, home_of, homes
from tests.support.trees.writes import (
    AddRoleParent,
    AddTeamMember,
    AddTeamParent,
    Assign,
    Ban,
    ClearOverwrite,
    Grant,
    Join,
    Leave,
    MoveNode,
    PutNode,
    RemoveRoleParent,
    RemoveTeamMember,
    RemoveTeamParent,
    Revoke,
    SetDisabled,
    SetOverwrite,
    SetOwner,
    SetRoleActive,
    SetSync,
    TimeOut,
    Unassign,
    Write,
)

NOW = 1_800_000_000.0
MOMENTS = (NOW - 60, NOW, NOW + 60, NOW + 120)

T = TypeVar("T")

Maker = Callable[[Random, World], Write | None]


def random_write(rng: Random, world: World) -> Write:
    """One acceptable change of what is there; it is not applied."""
    makers, weights = zip(*CHANGES.items(), strict=True)
    while True:
        write = accepted(rng.choices(makers, weights)[0], rng, world)
        if write is not None:
            return write


def reckless_write(rng: Random, world: World) -> Write:
    """One that a platform may refuse, but whose rows must not confuse it; it is not applied."""
    role, other = rng.choice(list(world.roles)), rng.choice(list(world.roles))
    node = rng.choice(list(world.nodes))
    name = rng.choice(list(world.permissions))
    places = homes(world)
    subject = Everyone(rng.choice(places)) if places else PUBLIC
    window = Window(NOW + 60, NOW - 60)
    choices: list[Write] = [
        Assign(_some_account(rng, world), role, rng.choice((None, node))),
        Assign(subject, role, rng.choice((None, node))),
        Assign(_some_account(rng, world), role, node, window),
        Grant(role, name, rng.choice((None, node)), rng.choice((ALLOW, DENY))),
        SetOverwrite(node, RoleTarget(role), (name,)),
        SetOverwrite(node, _some_account(rng, world), (), (name,)),
        SetRoleActive(role, not world.roles[role].active),
    ]
    if other not in world.roles[role].parents:
        choices.append(AddRoleParent(role, other))
    return rng.choice(choices)


def accepted(make: Maker, rng: Random, world: World) -> Write | None:
    """One that is accepted, if there is one among a few."""
    for _ in range(12):
        write = make(rng, world)
        if write is not None and write.acceptable(world):
            return write
    return None


def put_node(rng: Random, world: World) -> Write | None:
    type_ = rng.choice(list(world.types))
    number = len(world.of_type(type_)) + 1  # nodes are made with these, and none goes
    owner = rng.choice((None, *world.people)) if world.types[type_].owner else None
    parent = some(rng, possible_parents(world, type_))
    return PutNode((type_, number), parent, owner)


def move_node(rng: Random, world: World) -> Write | None:
    node = rng.choice(list(world.nodes))
    parent = None if rng.random() < 0.1 else some(rng, possible_parents(world, node[0]))
    return MoveNode(node, parent)


def set_owner(rng: Random, world: World) -> Write | None:
    return SetOwner(rng.choice(list(world.nodes)), rng.choice((None, *world.people)))


def set_sync(rng: Random, world: World) -> Write | None:
    node = rng.choice(list(world.nodes))
    sync = world.types[node[0]].sync
    if sync is None:
        return None
    return SetSync(node, rng.choice((None, *world.of_type(sync), *world.of_type(sync))))


def set_overwrite(rng: Random, world: World) -> Write | None:
    node = some_scope(rng, world)
    names = [name for name, scope in world.permissions.items() if scope == LOCAL]
    chosen = rng.sample(names, rng.randint(1, 3))
    middle = rng.randint(0, len(chosen))
    return SetOverwrite(
        node, _some_target(rng, world, node), tuple(chosen[:middle]), tuple(chosen[middle:])
    )


def clear_overwrite(rng: Random, world: World) -> Write | None:
    key = some(rng, list(world.overwrites))
    return None if key is None else ClearOverwrite(key[0], key[1])


def grant(rng: Random, world: World) -> Write | None:
    names = list(world.permissions)
    rare = administrators(world)
    scope = some_scope(rng, world) if rng.random() < 0.5 else None
    return Grant(
        _some_role(rng, world, scope),
        rng.choices(names, [1 if name in rare else 3 for name in names])[0],
        scope,
        DENY if rng.random() < 0.2 else ALLOW,
    )


def revoke(rng: Random, world: World) -> Write | None:
    key = some(rng, list(world.grants))
    return None if key is None else Revoke(*key)


def assign(rng: Random, world: World) -> Write | None:
    node = some_scope(rng, world) if rng.random() < 0.7 else None
    subject = _some_subject(rng, world, node)
    role = _some_role(rng, world, node)
    attributes = {"limit": rng.randint(1, 3)} if rng.random() < 0.1 else {}
    # By a generator of its own: the worlds of a seed stay what they were in all else.
    here_only = node is not None and Random(f"{subject} {role} {node}").random() < 0.2
    return Assign(subject, role, node, _some_window(rng), attributes, here_only)


def change_window(rng: Random, world: World) -> Write | None:
    key = some(rng, list(world.assignments))
    return None if key is None else Assign(*key, _some_window(rng))


def unassign(rng: Random, world: World) -> Write | None:
    key = some(rng, list(world.assignments))
    return None if key is None else Unassign(*key)


def join(rng: Random, world: World) -> Write | None:
    home = some(rng, homes(world))
    return None if home is None else Join(home, rng.choice(list(world.people)))


def leave(rng: Random, world: World) -> Write | None:
    key = some(rng, list(world.memberships))
    return None if key is None else Leave(*key)


def ban(rng: Random, world: World) -> Write | None:
    key = some(rng, list(world.memberships))
    return None if key is None else Ban(*key, banned=not world.memberships[key].banned)


def time_out(rng: Random, world: World) -> Write | None:
    key = some(rng, list(world.memberships))
    return None if key is None else TimeOut(*key, until=rng.choice((None, *MOMENTS)))


def add_team_member(rng: Random, world: World) -> Write | None:
    team = some(rng, list(world.teams))
    if team is None:
        return None
    return AddTeamMember(team, _some_account(rng, world), _some_window(rng))


def remove_team_member(rng: Random, world: World) -> Write | None:
    team = some(rng, list(world.teams))
    member = None if team is None else some(rng, list(world.teams[team].members))
    return None if team is None or member is None else RemoveTeamMember(team, member)


def add_team_parent(rng: Random, world: World) -> Write | None:
    if not world.teams:
        return None
    return AddTeamParent(rng.choice(list(world.teams)), rng.choice(list(world.teams)))


def remove_team_parent(rng: Random, world: World) -> Write | None:
    team = some(rng, list(world.teams))
    parent = None if team is None else some(rng, world.teams[team].parents)
    return None if team is None or parent is None else RemoveTeamParent(team, parent)


def add_role_parent(rng: Random, world: World) -> Write | None:
    return AddRoleParent(rng.choice(list(world.roles)), rng.choice(list(world.roles)))


def remove_role_parent(rng: Random, world: World) -> Write | None:
    role = rng.choice(list(world.roles))
    parent = some(rng, world.roles[role].parents)
    return None if parent is None else RemoveRoleParent(role, parent)


def set_role_active(rng: Random, world: World) -> Write | None:
    role = rng.choice(list(world.roles))
    return SetRoleActive(role, not world.roles[role].active)


def set_disabled(rng: Random, world: World) -> Write | None:
    account = _some_account(rng, world)
    rows = world.people if isinstance(account, Person) else world.applications
    return SetDisabled(account, not rows[account.id].disabled)


CHANGES: dict[Maker, int] = {
    put_node: 2,
    move_node: 8,
    set_owner: 4,
    set_sync: 3,
    set_overwrite: 8,
    clear_overwrite: 3,
    grant: 6,
    revoke: 3,
    assign: 8,
    change_window: 5,
    unassign: 3,
    join: 3,
    leave: 2,
    ban: 2,
    time_out: 3,
    add_team_member: 4,
    remove_team_member: 2,
    add_team_parent: 2,
    remove_team_parent: 1,
    add_role_parent: 3,
    remove_role_parent: 1,
    set_role_active: 2,
    set_disabled: 1,
}

# ---- what is chosen -------------------------------------------------------------------------


def some(rng: Random, values: Sequence[T]) -> T | None:
    return rng.choice(values) if values else None


def some_scope(rng: Random, world: World) -> NodeId:
    """A node that some of the others are below, rather than one at the bottom."""
    return rng.choice(ancestors_and_self(world, rng.choice(list(world.nodes))))


def _some_role(rng: Random, world: World, node: NodeId | None) -> Id:
    """One that can be held at the node, a global one or one of its home."""
    return rng.choice(
        [
            id_
            for id_, role in world.roles.items()
            if node is None or role.home in (None, home_of(world, node))
        ]
        or list(world.roles)
    )


def _some_account(rng: Random, world: World) -> Person | Application:
    if world.applications and rng.random() < 0.25:
        return Application(rng.choice(list(world.applications)))
    return Person(rng.choice(list(world.people)))


def _some_subject(rng: Random, world: World, node: NodeId | None) -> Subject:
    """An account mostly, then a team, everyone of the node's home, the public."""
    luck = rng.random()
    if luck < 0.25 and world.teams:
        return Team(rng.choice(list(world.teams)))
    if luck < 0.4 and node is not None:
        home = home_of(world, node)
        if home is not None:
            return Everyone(home)
    return PUBLIC if luck > 0.95 else _some_account(rng, world)


def _some_target(rng: Random, world: World, node: NodeId) -> Target:
    luck = rng.random()
    if luck < 0.2 and world.teams:
        return Team(rng.choice(list(world.teams)))
    if luck < 0.6:
        return _some_account(rng, world)
    return RoleTarget(_some_role(rng, world, node))


def _some_window(rng: Random) -> Window:
    if rng.random() < 0.55:
        return ALWAYS
    from_, until = rng.choice((None, *MOMENTS)), rng.choice((None, *MOMENTS))
    if from_ is not None and until is not None:
        from_, until = min(from_, until), max(from_, until)
    return ALWAYS if from_ == until else Window(from_, until)


def possible_parents(world: World, type_: str) -> list[NodeId]:
    return [
        node
        for node in world.nodes
        if node[0] in world.types[type_].parents
        and len(ancestors_and_self(world, node)) < world.deepest
    ]
