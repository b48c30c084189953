"""Overwrites, gates and time-outs: sentences 5 and 6."""

from __future__ import annotations

from tests.support.trees.model import (
    ALLOW,
    DENY,
    GLOBAL,
    Application,
    Id,
    NodeId,
    Person,
    RoleTarget,
    Team,
)
from tests.support.trees.verdict import Question
from tests.unit.yoto.permission.trees.misreadings.known import misreading


@misreading("5 overwrites count at the node alone")
class _(Question):
    def local(self) -> list[NodeId]:
        return super().local()[-1:]


@misreading("5 overwrites are applied from the node up")
class _(Question):
    def local(self) -> list[NodeId]:
        return super().local()[::-1]


@misreading("5 overwrites at upper nodes count")
class _(Question):
    def local(self) -> list[NodeId]:
        return self.chain


@misreading("5 no node takes another's overwrites")
class _(Question):
    def overwrites_from(self, node: NodeId) -> NodeId:
        return node


@misreading("5 a node that takes another's overwrites takes its sync target's, too")
class _(Question):
    def overwrites_from(self, node: NodeId) -> NodeId:
        seen = [node]
        while (target := self.world.nodes[seen[-1]].sync) is not None and target not in seen:
            seen.append(target)
        return seen[-1]


@misreading("5 a node that takes another's overwrites takes the grants there, too")
class _(Question):
    def of_role(self, role: Id, node: NodeId, effect: str) -> set[str]:
        source = self.overwrites_from(node)
        return self.overwritten(source, RoleTarget(role), effect) | self.granted(
            role, effect, source
        )


@misreading("5 overwrites touch permissions of scope global")
class _(Question):
    def step(self, mask: set[str], allow: set[str], deny: set[str]) -> set[str]:
        return (mask - deny) | allow


@misreading("5 denies outweigh allows")
class _(Question):
    def step(self, mask: set[str], allow: set[str], deny: set[str]) -> set[str]:
        return super().step(mask, allow - deny, deny)


@misreading("5 overwrites deny nothing")
class _(Question):
    def step(self, mask: set[str], allow: set[str], deny: set[str]) -> set[str]:
        return super().step(mask, allow, set())


@misreading("5a everyone is one of the roles")
class _(Question):
    def after_everyone(self, mask: set[str], node: NodeId) -> set[str]:
        return mask

    def held(self) -> set[tuple[Id, bool]]:
        default = self.default_role()
        return super().held() | ({(default, False)} if default is not None else set())


@misreading("5a everyone comes after the roles")
class _(Question):
    def after_overwrites(self, mask: set[str]) -> set[str]:
        for node in self.local():
            mask = self.after_roles_and_teams(mask, node)
            mask = self.after_everyone(mask, node)
            mask = self.after_own(mask, node)
        return mask


@misreading("5 grants at local nodes give nothing")
class _(Question):
    def of_role(self, role: Id, node: NodeId, effect: str) -> set[str]:
        return self.overwritten(self.overwrites_from(node), RoleTarget(role), effect)


@misreading("5 overwrites of roles give nothing")
class _(Question):
    def of_role(self, role: Id, node: NodeId, effect: str) -> set[str]:
        return self.granted(role, effect, node)


@misreading("5b overwrites of teams come after those of roles")
class _(Question):
    def after_roles_and_teams(self, mask: set[str], node: NodeId) -> set[str]:
        source = self.overwrites_from(node)
        for role in {role for role, _ in self.held()}:
            mask = self.step(mask, set(), self.of_role(role, node, DENY))
        for role in {role for role, _ in self.held()}:
            mask = self.step(mask, self.of_role(role, node, ALLOW), set())
        for team in self.teams():
            mask = self.step(mask, set(), self.overwritten(source, Team(team), DENY))
        for team in self.teams() if self.own_allows_count(node) else ():
            mask = self.step(mask, self.overwritten(source, Team(team), ALLOW), set())
        return mask


@misreading("5b a role after the other, not together")
class _(Question):
    def after_roles_and_teams(self, mask: set[str], node: NodeId) -> set[str]:
        for role in sorted({role for role, _ in self.held()}):
            mask = self.step(mask, self.of_role(role, node, ALLOW), self.of_role(role, node, DENY))
        return mask


@misreading("5bc what teams and people are allowed counts for outsiders everywhere")
class _(Question):
    def own_allows_count(self, node: NodeId) -> bool:
        return True


@misreading("5bc what teams and people are allowed counts for insiders alone")
class _(Question):
    def own_allows_count(self, node: NodeId) -> bool:
        return self.inside()


@misreading("5bc whether what teams and people are allowed counts is the last node's to say")
class _(Question):
    def own_allows_count(self, node: NodeId) -> bool:
        return super().own_allows_count(self.chain[-1])


@misreading("5bc whether what teams and people are allowed counts is the sync target's to say")
class _(Question):
    def own_allows_count(self, node: NodeId) -> bool:
        return super().own_allows_count(self.overwrites_from(node))


@misreading("5c own overwrites are like those of roles")
class _(Question):
    def after_own(self, mask: set[str], node: NodeId) -> set[str]:
        before = super().after_own(mask, node)
        return self.after_roles_and_teams(before, node)


@misreading("5c applications have no overwrites")
class _(Question):
    def after_own(self, mask: set[str], node: NodeId) -> set[str]:
        return mask if isinstance(self.asker, Application) else super().after_own(mask, node)


@misreading("5c outsiders have no overwrites")
class _(Question):
    def after_own(self, mask: set[str], node: NodeId) -> set[str]:
        return super().after_own(mask, node) if self.own_allows_count(node) else mask


@misreading(
    "5 all of everyone's overwrites from the top down, then all of the roles', then own ones"
)
class _(Question):
    def after_overwrites(self, mask: set[str]) -> set[str]:
        for step in (self.after_everyone, self.after_roles_and_teams, self.after_own):
            for node in self.local():
                mask = step(mask, node)
        return mask


@misreading("6 there are no gates")
class _(Question):
    def after_gates(self, mask: set[str]) -> set[str]:
        return mask


@misreading("6 the node's own gate alone counts")
class _(Question):
    def after_gates(self, mask: set[str]) -> set[str]:
        gates = [self.world.types[node[0]].gate for node in self.chain[-1:]]
        return mask if all(gate is None or gate in mask for gate in gates) else set()


@misreading("6 gates of upper nodes do not count")
class _(Question):
    def after_gates(self, mask: set[str]) -> set[str]:
        gates = [self.world.types[node[0]].gate for node in self.local()]
        return mask if all(gate is None or gate in mask for gate in gates) else set()


@misreading("6 a gate leaves permissions of scope global")
class _(Question):
    def after_gates(self, mask: set[str]) -> set[str]:
        return super().after_gates(mask) | (mask & self.names(GLOBAL))


@misreading("6 a gate that is not registered is none")
class _(Question):
    def after_gates(self, mask: set[str]) -> set[str]:
        gates = {self.world.types[node[0]].gate for node in self.chain}
        return mask if gates & set(self.world.permissions) <= mask else set()


@misreading("6 there are no time-outs")
class _(Question):
    def in_time_out(self) -> bool:
        return False


@misreading("6 a time-out holds at its end")
class _(Question):
    def in_time_out(self) -> bool:
        if not isinstance(self.asker, Person) or self.home is None:
            return False
        row = self.world.memberships.get((self.home, self.asker.id))
        return super().in_time_out() or (
            row is not None and not row.banned and row.timeout_until == self.now
        )


@misreading("6 a time-out binds who is banned")
class _(Question):
    def in_time_out(self) -> bool:
        if not isinstance(self.asker, Person) or self.home is None:
            return False
        row = self.world.memberships.get((self.home, self.asker.id))
        return row is not None and (row.timeout_until or 0) > self.now


@misreading("6 a time-out leaves nothing")
class _(Question):
    def after_time_out(self, mask: set[str]) -> set[str]:
        return set() if self.in_time_out() else mask


@misreading("6 a time-out gives what remains")
class _(Question):
    def after_time_out(self, mask: set[str]) -> set[str]:
        if self.home is None or not self.in_time_out():
            return mask
        return set(self.world.types[self.home[0]].remaining)


@misreading("6 a time-out leaves permissions of scope global")
class _(Question):
    def after_time_out(self, mask: set[str]) -> set[str]:
        return super().after_time_out(mask) | (mask & self.names(GLOBAL))


@misreading("6 gates come after the time-out")
class _(Question):
    def allowed(self) -> set[str]:
        found = super().allowed()
        return self.after_gates(found) if self.in_time_out() else found
