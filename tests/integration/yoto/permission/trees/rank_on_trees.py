"""The bounds of a write on a tree, slowly and literally, from the world before and after.

Verdicts are those of the second implementation; nothing is shared with the rules for writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from tests.support.trees import model
from tests.support.trees import writes as w
from tests.support.trees.model import LOCAL, Application, Asker, Id, NodeId, Person, World
from tests.support.trees.shape import ancestors_and_self, home_of
from tests.support.trees.types import SHARE
from tests.support.trees.verdict import Question, UnknownNode

OWNER, MEMBER, OUTSIDE = 10**9, 0, -1
Home = NodeId | None
ABOUT_A_NODE = w.Assign | w.Unassign | w.SetOverwrite | w.ClearOverwrite


class Uncovered(Question):
    """As if no gate were closed: giving what opens one counts as that alone."""

    def after_gates(self, mask: set[str]) -> set[str]:
        return mask


class State:
    """A world at one moment of its writes; each answer is worked out once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.has = cache(self._has)
        self.uncovered = cache(self._uncovered)

    def _has(self, asker: Asker, node: NodeId | None, now: float) -> frozenset[str]:
        return self._ask(Question, asker, node, now)

    def _uncovered(self, asker: Asker, node: NodeId | None, now: float) -> frozenset[str]:
        return self._ask(Uncovered, asker, node, now)

    def _ask(
        self, kind: type[Question], asker: Asker, node: NodeId | None, now: float
    ) -> frozenset[str]:
        try:
            return frozenset(kind(self.world, asker, node, now).allowed())
        except UnknownNode:
            return frozenset()

    def awake(self) -> State:
        """The same with all roles active: somebody may wake them."""
        other = self.world.copy()
        for role in other.roles.values():
            role.active = True
        return State(other)

    def rank(
        self, asker: Person | Application, home: Home, now: float, at: NodeId | None = None
    ) -> int:
        """The position of the highest role of a home (of the platform) that somebody holds: at no
        node, or at ``at`` or above it, where it counts for them.
        """
        world, found = self.world, OUTSIDE
        if home is not None:
            member = Question(world, asker, home, now).member()
            if isinstance(asker, Person):
                if world.nodes[home].owner == asker.id:
                    return OWNER
                if member:
                    found = MEMBER
        belongs = found == MEMBER or isinstance(asker, Application)
        there = Question(world, asker, at, now)
        for (subject, role, node), row in world.assignments.items():
            if subject == asker and in_force(row.window, now):
                held = world.roles[role]
                if node is None:
                    counts = home is None or belongs
                else:
                    reaches = node == at or (node in there.chain and not row.here_only)
                    counts = reaches and there.counts(subject, role, node)
                if counts and held.active and held.home == home and not held.default:
                    found = max(found, int(role))
        return found

    def entitled(self, actor: Person, write: w.Assign | w.Unassign, now: float) -> bool:
        """Whether somebody stands above the role at the node, or shares it there."""
        home = self.world.roles[write.role].home
        if self.rank(actor, home, now, write.node) > int(write.role):
            return True
        if write.node is None:
            return False
        return self.stands(actor, write.node, now) or write.role in self.shared(
            actor, write.node, now
        )

    def stands(self, asker: Person, at: NodeId, now: float) -> bool:
        """Whether somebody owns or administers a node, or one above it."""
        there = Question(self.world, asker, at, now)
        return there.in_charge(there.base())

    def shared(self, asker: Person, at: NodeId, now: float) -> set[Id]:
        """The roles that somebody shares at a node."""
        shares = SHARE in self.has(asker, at, now)
        return {
            one
            for one in self.world.types[at[0]].shares
            if shares and self.world.roles[one].home is None
        }


def in_force(window: model.Window, now: float) -> bool:
    started = window.from_ is None or window.from_ <= now
    return started and (window.until is None or now < window.until)


def moments(worlds: Iterable[World], now: float) -> list[float]:
    """Now, and whenever something begins or ends."""
    found: set[float | None] = {now}
    for world in worlds:
        windows = [row.window for row in world.assignments.values()]
        windows += [window for team in world.teams.values() for window in team.members.values()]
        for window in windows:
            found |= {window.from_, window.until}
        found |= {row.timeout_until for row in world.memberships.values()}
    return sorted(one for one in found if one is not None and one >= now)


def homes_of(world: World, write: w.Write) -> set[Home]:
    """In whose hierarchies somebody acts by it."""
    match write:
        case w.SetOverwrite(node=node, target=target) | w.ClearOverwrite(node=node, target=target):
            home = home_of(world, node)
            if home is None and isinstance(target, model.RoleTarget):
                return {world.roles[target.id].home}
            return {home}
        case w.AddTeamMember(team=team) | w.RemoveTeamMember(team=team):
            return of_teams(world, {team})
        case w.AddTeamParent(parent=parent) | w.RemoveTeamParent(parent=parent):
            return of_teams(world, {parent})
        case w.SetDisabled(account=account):
            return {world.roles[role].home for who, role, _ in world.assignments if who == account}
        case w.Assign(role=role) | w.Unassign(role=role) | w.Grant(role=role) | w.Revoke(role=role):
            return {world.roles[role].home}
        case (
            w.AddRoleParent(role=role) | w.RemoveRoleParent(role=role) | w.SetRoleActive(role=role)
        ):
            return {world.roles[role].home}
    raise AssertionError(f"{write} is no write of rights")


def of_teams(world: World, teams: set[Id]) -> set[Home]:
    """The homes where teams, and those above them, hold something."""
    to_visit = list(teams)
    for team in to_visit:
        to_visit += [one for one in world.teams[team].parents if one not in to_visit]
    found: set[Home] = {
        world.roles[role].home
        for subject, role, _ in world.assignments
        if isinstance(subject, model.Team) and subject.id in to_visit
    }
    return found | {
        home_of(world, node)
        for node, target, _ in world.overwrites
        if isinstance(target, model.Team) and target.id in to_visit
    }


def violations(
    before: State,
    after: State,
    actor: Person,
    write: w.Write,
    places: Iterable[NodeId | None],
    now: float,
) -> Iterator[str]:
    """The faults of an accepted write of ``actor``."""
    world = before.world
    times = moments((world, after.world), now)
    local = {name for name, scope in world.permissions.items() if scope == LOCAL}
    homes = homes_of(world, write)
    accounts = [one for one in world.askers() if not isinstance(one, model.Public)]
    # A write about a node itself counts roles that are held there.
    at = write.node if isinstance(write, ABOUT_A_NODE) else None
    above = {
        home: {one for one in accounts if outranks(before, one, actor, home, now, at)}
        for home in homes
    }
    if isinstance(write, w.Assign | w.Unassign) and not before.entitled(actor, write, now):
        yield f"{actor} neither stands above role {write.role} nor shares it"

    def lasting(node: NodeId | None, moment: float) -> frozenset[str]:
        until = [time for time in times if time <= moment]
        return frozenset.intersection(*(before.has(actor, node, time) for time in until))

    def may_give(node: NodeId | None, moment: float) -> set[str]:
        chain = [None] if node is None else [*ancestors_and_self(world, node), None]
        return {name for one in chain for name in lasting(one, moment)}

    for name, old, new in (("now", before, after), ("awake", before.awake(), after.awake())):
        for node in places:
            home = None if node is None else home_of(world, node)
            higher = {one for its, them in above.items() if its in (None, home) for one in them}
            for asker in world.askers():
                for moment in times:
                    where = f"{name}: {asker} at {node} at +{moment - now:.0f}"
                    was, has = old.has(asker, node, moment), new.has(asker, node, moment)
                    if asker in higher and asker != actor and not was <= has:
                        yield f"{where} is above and lost {sorted(was - has)}"
                    gained = new.uncovered(asker, node, moment) - old.uncovered(asker, node, moment)
                    gained -= may_give(node, moment)
                    if node is not None:
                        gained &= local
                    if gained:
                        yield f"{where} gained {sorted(gained)}"


def outranks(
    state: State,
    one: Person | Application,
    other: Person,
    home: Home,
    now: float,
    at: NodeId | None,
) -> bool:
    if at is None or state.stands(other, at, now):
        return state.rank(one, home, now) > state.rank(other, home, now)
    shared = (int(role) for role in state.shared(other, at, now) if home is None)
    return state.rank(one, home, now, at) > max([state.rank(other, home, now, at), *shared])
