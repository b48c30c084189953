"""The rights of somebody at a node: each sentence of the rules a method, with sets of names.

Nothing is remembered from one question to the next, and nothing here is clever.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.trees.model import (
    ALLOW,
    ANYONE,
    DENY,
    GLOBAL,
    LOCAL,
    Application,
    Asker,
    Everyone,
    Id,
    NodeId,
    Person,
    Public,
    RoleTarget,
    Subject,
    Target,
    Team,
    Window,
    World,
)


class UnknownNode(Exception):
    """There is no such node, one above it is missing, or the chain is too deep: no verdict."""


def allowed(world: World, asker: Asker, node: NodeId | None, now: float) -> set[str]:
    """The names of all permissions that the asker has at the node; globally, if it is None.

    Raises:
        UnknownNode: nobody can be told anything about it.
    """
    return Question(world, asker, node, now).allowed()


def who(
    world: World, permission: str, node: NodeId | None, now: float
) -> set[Person | Application]:
    """All people and applications that have the permission at the node."""
    return {
        asker
        for asker in world.askers()
        if not isinstance(asker, Public) and permission in allowed(world, asker, node, now)
    }


def where(world: World, asker: Asker, permission: str, type_: str, now: float) -> set[NodeId]:
    """All nodes of the type at which the asker has the permission. Unknown ones are none."""
    found = set()
    for node in world.of_type(type_):
        try:
            if permission in allowed(world, asker, node, now):
                found.add(node)
        except UnknownNode:
            continue
    return found


class Question:
    """One asker, one node, one moment."""

    def __init__(self, world: World, asker: Asker, node: NodeId | None, now: float) -> None:
        self.world = world
        self.asker = asker
        self.now = now
        self.chain = self.chain_of(node)
        homes = [node for node in self.chain if world.types[node[0]].members]
        assert len(homes) <= 1, f"two homes above {node}"
        self.home = homes[0] if homes else None

    # ---- the chain --------------------------------------------------------------------------

    def chain_of(self, node: NodeId | None) -> list[NodeId]:
        """The ancestors from the top down, then the node; empty for "globally"."""
        chain: list[NodeId] = []
        while node is not None:
            if node not in self.world.nodes or node[0] not in self.world.types:
                raise UnknownNode(node)
            chain.insert(0, node)
            if len(chain) > self.world.deepest:
                raise UnknownNode(node)
            node = self.world.nodes[node].parent
        return chain

    def upper(self) -> list[NodeId]:
        """The home and what is above it; nothing without a home."""
        if self.home is None:
            return []
        return self.chain[: self.chain.index(self.home) + 1]

    def local(self) -> list[NodeId]:
        """The part of the chain below the home; all of it without one."""
        if self.home is None:
            return self.chain
        return self.chain[self.chain.index(self.home) + 1 :]

    def shared_with_anyone(self, node: NodeId) -> bool:
        return self.world.types[node[0]].shared == ANYONE

    def names(self, scope: str) -> set[str]:
        return {name for name, known in self.world.permissions.items() if known == scope}

    # ---- the verdict ------------------------------------------------------------------------

    def allowed(self) -> set[str]:
        if not self.somebody():
            return set()
        if self.super_admin():
            return self.names(GLOBAL) | self.names(LOCAL)
        base = self.base()
        if self.in_charge(base):
            return base | self.names(LOCAL)
        mask = self.after_overwrites(base)
        mask = self.after_gates(mask)
        return self.after_time_out(mask)

    # ---- 1 ----------------------------------------------------------------------------------

    def somebody(self) -> bool:
        """Somebody who exists and is not disabled, or the public."""
        if isinstance(self.asker, Person):
            person = self.world.people.get(self.asker.id)
            return person is not None and not person.disabled
        if isinstance(self.asker, Application):
            application = self.world.applications.get(self.asker.id)
            return application is not None and not application.disabled
        return True

    def super_admin(self) -> bool:
        return isinstance(self.asker, Person) and self.world.people[self.asker.id].super_admin

    # ---- 2 ----------------------------------------------------------------------------------

    def member(self) -> bool:
        """A person with a membership of the home that is no ban, or its owner."""
        if not isinstance(self.asker, Person) or self.home is None:
            return False
        if self.world.nodes[self.home].owner == self.asker.id:
            return True
        row = self.world.memberships.get((self.home, self.asker.id))
        return row is not None and not row.banned

    def inside(self) -> bool:
        return self.member() or self.home is None or isinstance(self.asker, Application)

    def in_window(self, window: Window) -> bool:
        if window.from_ is not None and self.now < window.from_:
            return False
        return window.until is None or self.now < window.until

    def teams(self) -> set[Id]:
        """Teams that the asker is in now, and all above these."""
        found = set()
        for id_, team in self.world.teams.items():
            window = team.members.get(self.asker) if not isinstance(self.asker, Public) else None
            if window is not None and self.in_window(window):
                found |= {id_, *self.teams_above(id_)}
        return found

    def teams_above(self, team: Id) -> set[Id]:
        found: set[Id] = set()
        to_visit = [team]
        while to_visit:
            for parent in self.world.teams[to_visit.pop()].parents:
                if parent in self.world.teams and parent not in found:
                    found.add(parent)
                    to_visit.append(parent)
        return found

    def is_subject(self, subject: Subject) -> bool:
        """Whether an assignment to the subject is one to the asker."""
        if isinstance(subject, Team):
            return subject.id in self.teams()
        if isinstance(subject, Everyone):
            return subject.home == self.home and self.member()
        return isinstance(subject, Public) or subject == self.asker

    def counts(self, subject: Subject, role: Id, node: NodeId | None) -> bool:
        """Whether an assignment in force for the asker has an effect here."""
        if isinstance(subject, Public):
            return True
        if node in self.upper() and node != self.home:
            return True
        if node is None and self.world.roles[role].home is None:
            return True
        return self.inside() or (node is not None and self.shared_with_anyone(node))

    def assigned(self) -> Iterator[tuple[Id, NodeId | None]]:
        """Roles and where they are held, by all assignments in force."""
        for (subject, role_id, node), row in self.world.assignments.items():
            role = self.world.roles.get(role_id)
            if role is None or not role.active or role.default:
                continue
            if role.home is not None and role.home != self.home:
                continue
            if node is not None and node not in self.chain:
                continue
            if row.here_only and node != self.chain[-1]:
                continue
            if not self.in_window(row.window) or not self.is_subject(subject):
                continue
            if self.counts(subject, role_id, node):
                yield role_id, node

    def may_inherit(self, heir: Id, parent: Id) -> bool:
        row = self.world.roles.get(parent)
        if row is None or not row.active or row.default:
            return False
        return row.home is None or row.home == self.world.roles[heir].home

    def ancestors(self, role: Id) -> set[Id]:
        found: set[Id] = set()
        to_visit = [role]
        while to_visit:
            heir = to_visit.pop()
            for parent in self.world.roles[heir].parents:
                if parent not in found and self.may_inherit(heir, parent):
                    found.add(parent)
                    to_visit.append(parent)
        return found

    def held(self) -> set[tuple[Id, bool]]:
        """Roles in force with their ancestors, and whether they are held in full.

        A global role is held in full where the assignment that brings it is at no node. Only such
        a role gives or denies permissions of scope global.
        """
        found = set()
        for role, node in self.assigned():
            for each in {role, *self.ancestors(role)}:
                found.add((each, node is None and self.world.roles[each].home is None))
        return found

    def default_role(self) -> Id | None:
        """The role of everyone in the home, if it counts for the asker."""
        if not self.member():
            return None
        for id_, role in self.world.roles.items():
            if role.home == self.home and role.default and role.active:
                return id_
        return None

    # ---- 3 ----------------------------------------------------------------------------------

    def granted(self, role: Id, effect: str, scope: NodeId | None) -> set[str]:
        return {
            name
            for (holder, name, where_), found in self.world.grants.items()
            if (holder, where_, found) == (role, scope, effect) and name in self.world.permissions
        }

    def base_of(self, effect: str) -> set[str]:
        roles = self.held()
        default = self.default_role()
        if default is not None:
            roles.add((default, False))
        found = set()
        for role, in_full in roles:
            for scope in [None, *self.upper()]:
                names = self.granted(role, effect, scope)
                found |= names if in_full else names - self.names(GLOBAL)
        return found

    def base(self) -> set[str]:
        return self.base_of(ALLOW) - self.base_of(DENY)

    # ---- 4 ----------------------------------------------------------------------------------

    def owns(self, node: NodeId) -> bool:
        """Whether the asker is the node's owner, and that counts for them."""
        if not isinstance(self.asker, Person) or self.world.nodes[node].owner != self.asker.id:
            return False
        return node in self.upper() or self.inside() or self.shared_with_anyone(node)

    def in_charge(self, base: set[str]) -> bool:
        for node in self.chain:
            if self.owns(node) or self.world.types[node[0]].administrator in base:
                return True
        return False

    # ---- 5 ----------------------------------------------------------------------------------

    def overwritten(self, node: NodeId, target: Target, effect: str) -> set[str]:
        return {
            name
            for (at, whose, name), found in self.world.overwrites.items()
            if (at, whose, found) == (node, target, effect)
        }

    def overwrites_from(self, node: NodeId) -> NodeId:
        """The node whose overwrites count in place of this one's: its sync target, or itself."""
        return self.world.nodes[node].sync or node

    def step(self, mask: set[str], allow: set[str], deny: set[str]) -> set[str]:
        local = self.names(LOCAL)
        return (mask - (deny & local)) | (allow & local)

    def of_role(self, role: Id, node: NodeId, effect: str) -> set[str]:
        """Names given or denied to the role at one node: overwrites, and grants of this scope."""
        overwrites = self.overwritten(self.overwrites_from(node), RoleTarget(role), effect)
        return overwrites | self.granted(role, effect, node)

    def after_everyone(self, mask: set[str], node: NodeId) -> set[str]:
        """5a"""
        default = self.default_role()
        if default is None:
            return mask
        return self.step(
            mask, self.of_role(default, node, ALLOW), self.of_role(default, node, DENY)
        )

    def own_allows_count(self, node: NodeId) -> bool:
        """Whether a team's and a person's allow overwrites count; their denies always do."""
        return self.inside() or self.shared_with_anyone(node)

    def after_roles_and_teams(self, mask: set[str], node: NodeId) -> set[str]:
        """5b"""
        allow: set[str] = set()
        deny: set[str] = set()
        for role in {role for role, _ in self.held()}:
            allow |= self.of_role(role, node, ALLOW)
            deny |= self.of_role(role, node, DENY)
        for team in self.teams():
            if self.own_allows_count(node):
                allow |= self.overwritten(self.overwrites_from(node), Team(team), ALLOW)
            deny |= self.overwritten(self.overwrites_from(node), Team(team), DENY)
        return self.step(mask, allow, deny)

    def after_own(self, mask: set[str], node: NodeId) -> set[str]:
        """5c"""
        if isinstance(self.asker, Public):
            return mask
        allow = self.overwritten(self.overwrites_from(node), self.asker, ALLOW)
        deny = self.overwritten(self.overwrites_from(node), self.asker, DENY)
        return self.step(mask, allow if self.own_allows_count(node) else set(), deny)

    def after_overwrites(self, mask: set[str]) -> set[str]:
        for node in self.local():
            mask = self.after_everyone(mask, node)
            mask = self.after_roles_and_teams(mask, node)
            mask = self.after_own(mask, node)
        return mask

    # ---- 6 ----------------------------------------------------------------------------------

    def after_gates(self, mask: set[str]) -> set[str]:
        for node in self.chain:
            gate = self.world.types[node[0]].gate
            if gate is not None and gate not in mask:
                return set()
        return mask

    def in_time_out(self) -> bool:
        if not isinstance(self.asker, Person) or self.home is None:
            return False
        row = self.world.memberships.get((self.home, self.asker.id))
        if row is None or row.banned or row.timeout_until is None:
            return False
        return row.timeout_until > self.now

    def after_time_out(self, mask: set[str]) -> set[str]:
        if self.home is None or not self.in_time_out():
            return mask
        return mask & set(self.world.types[self.home[0]].remaining)
