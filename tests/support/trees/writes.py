"""Changes of a world, each a small row of its own that can be applied here and replayed elsewhere.

``apply`` changes the rows and checks nothing. ``acceptable`` says whether a platform that refuses
nonsense takes the write: it names what is there, makes no cycle, and leaves nothing that could
never count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.support.trees.acceptance import (
    administrators,
    are_local,
    can_be_held_at,
    fits_under,
    is_a_window,
    subject_exists,
    takes_overwrites,
)
from tests.support.trees.model import (
    ALLOW,
    ALWAYS,
    DENY,
    Application,
    AssignmentRow,
    Everyone,
    Id,
    MembershipRow,
    NodeId,
    NodeRow,
    Person,
    RoleTarget,
    Subject,
    Target,
    Window,
    World,
)
from tests.support.trees.shape import ancestors_and_self, home_of, subtree, would_be_a_cycle


class Write:
    def apply(self, world: World) -> None:
        raise NotImplementedError

    def acceptable(self, world: World) -> bool:
        raise NotImplementedError


# ---- nodes ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PutNode(Write):
    """A new node without anything below it."""

    node: NodeId
    parent: NodeId | None = None
    owner: Id | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    def apply(self, world: World) -> None:
        world.nodes[self.node] = NodeRow(self.parent, self.owner, None, dict(self.attributes))

    def acceptable(self, world: World) -> bool:
        type_ = world.types.get(self.node[0])
        if type_ is None or self.node in world.nodes:
            return False
        if self.owner is not None and not (type_.owner and self.owner in world.people):
            return False
        return fits_under(world, self.node[0], self.parent, 1)


@dataclass(frozen=True)
class MoveNode(Write):
    """With all below it."""

    node: NodeId
    parent: NodeId | None

    def apply(self, world: World) -> None:
        world.nodes[self.node].parent = self.parent

    def acceptable(self, world: World) -> bool:
        if self.node not in world.nodes or self.parent == world.nodes[self.node].parent:
            return False
        below = subtree(world, self.node)
        if self.parent in below:
            return False
        above = len(ancestors_and_self(world, self.node)) - 1
        height = max(len(ancestors_and_self(world, each)) for each in below) - above
        return fits_under(world, self.node[0], self.parent, height)


@dataclass(frozen=True)
class SetOwner(Write):
    node: NodeId
    owner: Id | None

    def apply(self, world: World) -> None:
        world.nodes[self.node].owner = self.owner

    def acceptable(self, world: World) -> bool:
        known = self.owner is None or self.owner in world.people
        return self.node in world.nodes and world.types[self.node[0]].owner and known


@dataclass(frozen=True)
class SetSync(Write):
    """Take the target's overwrites in place of the node's own; None: its own again."""

    node: NodeId
    target: NodeId | None

    def apply(self, world: World) -> None:
        world.nodes[self.node].sync = self.target

    def acceptable(self, world: World) -> bool:
        if self.node not in world.nodes or self.target == self.node:
            return False
        if self.target is None:
            return world.nodes[self.node].sync is not None
        return self.target in world.nodes and world.types[self.node[0]].sync == self.target[0]


# ---- overwrites and grants ------------------------------------------------------------------


@dataclass(frozen=True)
class SetOverwrite(Write):
    """Make these the target's overwrites at the node, in place of all that it had there."""

    node: NodeId
    target: Target
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def apply(self, world: World) -> None:
        clear(world, self.node, self.target)
        for names, effect in ((self.allow, ALLOW), (self.deny, DENY)):
            for name in names:
                world.overwrites[self.node, self.target, name] = effect

    def acceptable(self, world: World) -> bool:
        names = [*self.allow, *self.deny]
        if not names or len(set(names)) < len(names) or not are_local(world, names):
            return False
        if administrators(world) & set(self.deny):
            return False
        if self.node not in world.nodes or not takes_overwrites(world, self.node):
            return False
        if isinstance(self.target, RoleTarget):
            role = world.roles.get(self.target.id)
            return role is not None and role.home in (None, home_of(world, self.node))
        return subject_exists(world, self.target)


@dataclass(frozen=True)
class ClearOverwrite(Write):
    node: NodeId
    target: Target

    def apply(self, world: World) -> None:
        clear(world, self.node, self.target)

    def acceptable(self, world: World) -> bool:
        found = any(key[:2] == (self.node, self.target) for key in world.overwrites)
        return found and takes_overwrites(world, self.node)


@dataclass(frozen=True)
class Grant(Write):
    role: Id
    permission: str
    scope: NodeId | None = None
    effect: str = ALLOW

    def apply(self, world: World) -> None:
        world.grants[self.role, self.permission, self.scope] = self.effect

    def acceptable(self, world: World) -> bool:
        role = world.roles.get(self.role)
        if role is None or self.permission not in world.permissions:
            return False
        if self.effect == DENY and self.permission in administrators(world):
            return False
        if not are_local(world, [self.permission]):
            return role.home is None and self.scope is None
        return self.scope is None or can_be_held_at(world, self.role, self.scope)


@dataclass(frozen=True)
class Revoke(Write):
    role: Id
    permission: str
    scope: NodeId | None = None

    def apply(self, world: World) -> None:
        del world.grants[self.role, self.permission, self.scope]

    def acceptable(self, world: World) -> bool:
        return (self.role, self.permission, self.scope) in world.grants


# ---- assignments ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Assign(Write):
    """Give the role, or give it another window and other attributes if it is held there."""

    subject: Subject
    role: Id
    node: NodeId | None = None
    window: Window = ALWAYS
    attributes: dict[str, Any] = field(default_factory=dict)
    here_only: bool = False

    def apply(self, world: World) -> None:
        key = (self.subject, self.role, self.node)
        row = AssignmentRow(self.window, dict(self.attributes), self.here_only)
        world.assignments[key] = row

    def acceptable(self, world: World) -> bool:
        role = world.roles.get(self.role)
        if role is None or role.default or not is_a_window(self.window):
            return False
        if self.node is not None and not can_be_held_at(world, self.role, self.node):
            return False
        if isinstance(self.subject, Everyone):
            return self.node is not None and home_of(world, self.node) == self.subject.home
        return subject_exists(world, self.subject)


@dataclass(frozen=True)
class Unassign(Write):
    subject: Subject
    role: Id
    node: NodeId | None = None

    def apply(self, world: World) -> None:
        del world.assignments[self.subject, self.role, self.node]

    def acceptable(self, world: World) -> bool:
        return (self.subject, self.role, self.node) in world.assignments


# ---- memberships ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Join(Write):
    home: NodeId
    person: Id

    def apply(self, world: World) -> None:
        world.memberships[self.home, self.person] = MembershipRow()

    def acceptable(self, world: World) -> bool:
        if self.home not in world.nodes or not world.types[self.home[0]].members:
            return False
        return self.person in world.people and (self.home, self.person) not in world.memberships


@dataclass(frozen=True)
class Leave(Write):
    """The row goes; all else that the person had there stays."""

    home: NodeId
    person: Id

    def apply(self, world: World) -> None:
        del world.memberships[self.home, self.person]

    def acceptable(self, world: World) -> bool:
        return (self.home, self.person) in world.memberships


@dataclass(frozen=True)
class Ban(Write):
    home: NodeId
    person: Id
    banned: bool = True

    def apply(self, world: World) -> None:
        world.memberships[self.home, self.person].banned = self.banned

    def acceptable(self, world: World) -> bool:
        row = world.memberships.get((self.home, self.person))
        return row is not None and row.banned != self.banned


@dataclass(frozen=True)
class TimeOut(Write):
    """Until this moment; None: it is over."""

    home: NodeId
    person: Id
    until: float | None

    def apply(self, world: World) -> None:
        world.memberships[self.home, self.person].timeout_until = self.until

    def acceptable(self, world: World) -> bool:
        return (self.home, self.person) in world.memberships


# ---- teams and roles ------------------------------------------------------------------------


@dataclass(frozen=True)
class AddTeamMember(Write):
    """Or give the membership another window."""

    team: Id
    member: Person | Application
    window: Window = ALWAYS

    def apply(self, world: World) -> None:
        world.teams[self.team].members[self.member] = self.window

    def acceptable(self, world: World) -> bool:
        known = self.team in world.teams and subject_exists(world, self.member)
        return known and is_a_window(self.window)


@dataclass(frozen=True)
class RemoveTeamMember(Write):
    team: Id
    member: Person | Application

    def apply(self, world: World) -> None:
        del world.teams[self.team].members[self.member]

    def acceptable(self, world: World) -> bool:
        return self.team in world.teams and self.member in world.teams[self.team].members


@dataclass(frozen=True)
class AddTeamParent(Write):
    """Put a team into another: its members are members of the parent, too."""

    team: Id
    parent: Id

    def apply(self, world: World) -> None:
        world.teams[self.team].parents.append(self.parent)

    def acceptable(self, world: World) -> bool:
        if self.team not in world.teams or self.parent not in world.teams:
            return False
        new = self.parent not in world.teams[self.team].parents
        return new and not would_be_a_cycle(world.teams, self.team, self.parent)


@dataclass(frozen=True)
class RemoveTeamParent(Write):
    team: Id
    parent: Id

    def apply(self, world: World) -> None:
        world.teams[self.team].parents.remove(self.parent)

    def acceptable(self, world: World) -> bool:
        return self.team in world.teams and self.parent in world.teams[self.team].parents


@dataclass(frozen=True)
class AddRoleParent(Write):
    """The role inherits what the parent has."""

    role: Id
    parent: Id

    def apply(self, world: World) -> None:
        world.roles[self.role].parents.append(self.parent)

    def acceptable(self, world: World) -> bool:
        role, parent = world.roles.get(self.role), world.roles.get(self.parent)
        if role is None or parent is None or role.default or parent.default:
            return False
        if self.parent in role.parents or would_be_a_cycle(world.roles, self.role, self.parent):
            return False
        return parent.home in (None, role.home)


@dataclass(frozen=True)
class RemoveRoleParent(Write):
    role: Id
    parent: Id

    def apply(self, world: World) -> None:
        world.roles[self.role].parents.remove(self.parent)

    def acceptable(self, world: World) -> bool:
        return self.role in world.roles and self.parent in world.roles[self.role].parents


@dataclass(frozen=True)
class SetRoleActive(Write):
    role: Id
    active: bool

    def apply(self, world: World) -> None:
        world.roles[self.role].active = self.active

    def acceptable(self, world: World) -> bool:
        role = world.roles.get(self.role)
        return role is not None and not role.default and role.active != self.active


# ---- accounts -------------------------------------------------------------------------------


@dataclass(frozen=True)
class SetDisabled(Write):
    account: Person | Application
    disabled: bool

    def apply(self, world: World) -> None:
        account_of(world, self.account).disabled = self.disabled

    def acceptable(self, world: World) -> bool:
        if not subject_exists(world, self.account):
            return False
        return bool(account_of(world, self.account).disabled != self.disabled)


def account_of(world: World, account: Person | Application) -> Any:
    rows: dict[Id, Any] = world.people if isinstance(account, Person) else world.applications
    return rows[account.id]


def clear(world: World, node: NodeId, target: Target) -> None:
    for key in [key for key in world.overwrites if key[:2] == (node, target)]:
        del world.overwrites[key]
