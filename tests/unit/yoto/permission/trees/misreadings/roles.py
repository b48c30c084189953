"""The asking person, and the roles that are in force: sentences 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.trees.model import (
    GLOBAL,
    Application,
    Everyone,
    Id,
    NodeId,
    Person,
    Public,
    Subject,
    Team,
    Window,
)
from tests.support.trees.verdict import Question
from tests.unit.yoto.permission.trees.misreadings.known import misreading


@misreading("1 disabled accounts have something")
class _(Question):
    def somebody(self) -> bool:
        if isinstance(self.asker, Person):
            return self.asker.id in self.world.people
        return super().somebody()


@misreading("1 super-admins are like others")
class _(Question):
    def super_admin(self) -> bool:
        return False


@misreading("2 who is banned is a member")
class _(Question):
    def member(self) -> bool:
        if super().member():
            return True
        return isinstance(self.asker, Person) and (
            (self.home, self.asker.id) in self.world.memberships
        )


@misreading("2 an application is outside")
class _(Question):
    def inside(self) -> bool:
        return self.member() or self.home is None


@misreading("2 everybody is inside")
class _(Question):
    def inside(self) -> bool:
        return True


@misreading("2 nobody is inside where there is no home")
class _(Question):
    def inside(self) -> bool:
        return self.member() or isinstance(self.asker, Application)


@misreading("2 windows hold at their end")
class _(Question):
    def in_window(self, window: Window) -> bool:
        return super().in_window(window) or window.until == self.now


@misreading("2 windows do not hold at their beginning")
class _(Question):
    def in_window(self, window: Window) -> bool:
        return super().in_window(window) and window.from_ != self.now


@misreading("2 teams have no parents")
class _(Question):
    def teams_above(self, team: Id) -> set[Id]:
        return set()


@misreading("2 teams have one parent")
class _(Question):
    def teams_above(self, team: Id) -> set[Id]:
        found: set[Id] = set()
        while parents := self.world.teams[team].parents:
            team = parents[0]
            found.add(team)
        return found


@misreading("2 members of teams have no windows")
class _(Question):
    def teams(self) -> set[Id]:
        found = set()
        for id_, team in self.world.teams.items():
            if self.asker in team.members:
                found |= {id_, *self.teams_above(id_)}
        return found


@misreading("2 applications are in no team")
class _(Question):
    def teams(self) -> set[Id]:
        return set() if isinstance(self.asker, Application) else super().teams()


@misreading("2 nothing is assigned to teams")
class _(Question):
    def is_subject(self, subject: Subject) -> bool:
        return not isinstance(subject, Team) and super().is_subject(subject)


@misreading("2 nothing is assigned to everyone")
class _(Question):
    def is_subject(self, subject: Subject) -> bool:
        return not isinstance(subject, Everyone) and super().is_subject(subject)


@misreading("2 everyone of any home is everyone of this one")
class _(Question):
    def is_subject(self, subject: Subject) -> bool:
        return super().is_subject(subject) or (isinstance(subject, Everyone) and self.member())


@misreading("2 everyone are also those who are no members")
class _(Question):
    def is_subject(self, subject: Subject) -> bool:
        return super().is_subject(subject) or subject == Everyone(self.home or ("", 0))


@misreading("2 nothing is assigned to the public")
class _(Question):
    def is_subject(self, subject: Subject) -> bool:
        return not isinstance(subject, Public) and super().is_subject(subject)


@misreading("2 the public are those alone who are not signed in")
class _(Question):
    def is_subject(self, subject: Subject) -> bool:
        if isinstance(subject, Public):
            return isinstance(self.asker, Public)
        return super().is_subject(subject)


@misreading("2 an assignment to the public counts for insiders alone")
class _(Question):
    def counts(self, subject: Subject, role: Id, node: NodeId | None) -> bool:
        if isinstance(subject, Public):
            subject = Person(0)
        return super().counts(subject, role, node)


@misreading("2 an assignment above the home counts for insiders alone")
class _(Question):
    def counts(self, subject: Subject, role: Id, node: NodeId | None) -> bool:
        if node in self.upper() and not self.inside() and not isinstance(subject, Public):
            return self.shared_with_anyone(node)
        return super().counts(subject, role, node)


@misreading("2 an assignment at the home counts for everybody")
class _(Question):
    def counts(self, subject: Subject, role: Id, node: NodeId | None) -> bool:
        return node in self.upper() or super().counts(subject, role, node)


@misreading("2 a global role at no node counts for insiders alone")
class _(Question):
    def counts(self, subject: Subject, role: Id, node: NodeId | None) -> bool:
        if node is None and not isinstance(subject, Public):
            return self.inside()
        return super().counts(subject, role, node)


@misreading("2 a home's role at no node counts for everybody")
class _(Question):
    def counts(self, subject: Subject, role: Id, node: NodeId | None) -> bool:
        return node is None or super().counts(subject, role, node)


@misreading("2 an assignment counts for outsiders whatever its node's type")
class _(Question):
    def counts(self, subject: Subject, role: Id, node: NodeId | None) -> bool:
        return node is not None or super().counts(subject, role, node)


@misreading("2 an assignment counts for outsiders nowhere below the home")
class _(Question):
    def counts(self, subject: Subject, role: Id, node: NodeId | None) -> bool:
        if node in self.local() and not self.inside() and not isinstance(subject, Public):
            return False
        return super().counts(subject, role, node)


class Changed(Question):
    """One in which an assignment is looked at otherwise."""

    def here(self, role: Id, node: NodeId | None) -> bool:
        home = self.world.roles[role].home
        return (home is None or home == self.home) and (node is None or node in self.chain)

    def active(self, role: Id) -> bool:
        return self.world.roles[role].active and not self.world.roles[role].default

    def assigned(self) -> Iterator[tuple[Id, NodeId | None]]:
        for (subject, role, node), row in self.world.assignments.items():
            if not self.active(role) or not self.here(role, node):
                continue
            if not self.in_window(row.window) or not self.is_subject(subject):
                continue
            if self.counts(subject, role, node):
                yield role, node


@misreading("2 inactive roles count")
class _(Changed):
    def active(self, role: Id) -> bool:
        return not self.world.roles[role].default


@misreading("2 default roles are in force by assignment")
class _(Changed):
    def active(self, role: Id) -> bool:
        return self.world.roles[role].active


@misreading("2 roles of other homes count")
class _(Changed):
    def here(self, role: Id, node: NodeId | None) -> bool:
        return node is None or node in self.chain


@misreading("2 assignments at other nodes count")
class _(Changed):
    def here(self, role: Id, node: NodeId | None) -> bool:
        return self.world.roles[role].home in (None, self.home)


@misreading("2 an assignment counts at its node alone, not below")
class _(Changed):
    def here(self, role: Id, node: NodeId | None) -> bool:
        return super().here(role, node) and node in (None, *self.chain[-1:])


@misreading("2 roles inherit nothing")
class _(Question):
    def ancestors(self, role: Id) -> set[Id]:
        return set()


@misreading("2 roles have one parent")
class _(Question):
    def ancestors(self, role: Id) -> set[Id]:
        found: set[Id] = set()
        while parents := self.world.roles[role].parents:
            if parents[0] in found or not self.may_inherit(role, parents[0]):
                break
            role = parents[0]
            found.add(role)
        return found


@misreading("2 roles inherit from their parents alone")
class _(Question):
    def ancestors(self, role: Id) -> set[Id]:
        parents = self.world.roles[role].parents
        return {parent for parent in parents if self.may_inherit(role, parent)}


@misreading("2 inactive roles are inherited from")
class _(Question):
    def may_inherit(self, heir: Id, parent: Id) -> bool:
        row = self.world.roles[parent]
        return not row.default and row.home in (None, self.world.roles[heir].home)


@misreading("2 default roles are inherited from")
class _(Question):
    def may_inherit(self, heir: Id, parent: Id) -> bool:
        row = self.world.roles[parent]
        return row.active and row.home in (None, self.world.roles[heir].home)


@misreading("2 roles of other homes, and of homes by global roles, are inherited from")
class _(Question):
    def may_inherit(self, heir: Id, parent: Id) -> bool:
        row = self.world.roles[parent]
        return row.active and not row.default


@misreading("2 default roles inherit")
class _(Question):
    def base_of(self, effect: str) -> set[str]:
        found = super().base_of(effect)
        default = self.default_role()
        for role in self.ancestors(default) if default is not None else ():
            for scope in [None, *self.upper()]:
                found |= self.granted(role, effect, scope) - self.names(GLOBAL)
        return found


@misreading("2 the default role gives something while it is inactive")
class _(Question):
    def default_role(self) -> Id | None:
        for id_, role in self.world.roles.items():
            if role.home == self.home and role.default and self.member():
                return id_
        return None


@misreading("2 inactive roles give nothing, but what they inherit")
class _(Question):
    def ancestors(self, role: Id) -> set[Id]:
        reached = [role]
        for each in reached:
            reached += [one for one in self.world.roles[each].parents if one not in reached]
        return {each for each in reached[1:] if self.world.roles[each].active}


@misreading("2 the default role gives nothing")
class _(Question):
    def default_role(self) -> Id | None:
        return None


@misreading("2 the default role is for strangers, too")
class _(Question):
    def default_role(self) -> Id | None:
        for id_, role in self.world.roles.items():
            if role.home is not None and role.home == self.home and role.default:
                return id_
        return None
