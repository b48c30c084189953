"""Permissions from roles, and the people in charge: sentences 3 and 4."""

from __future__ import annotations

from tests.support.trees.model import ALLOW, GLOBAL, LOCAL, Application, Id, NodeId, Person
from tests.support.trees.verdict import Question
from tests.unit.yoto.permission.trees.misreadings.known import misreading


@misreading("3 denies are no part of the base")
class _(Question):
    def base(self) -> set[str]:
        return self.base_of(ALLOW)


class OtherScopes(Question):
    def scopes(self) -> list[NodeId | None]:
        raise NotImplementedError

    def base_of(self, effect: str) -> set[str]:
        default = self.default_role()
        found = set()
        for role, in_full in self.held() | ({(default, False)} if default is not None else set()):
            for scope in self.scopes():
                names = self.granted(role, effect, scope)
                found |= names if in_full else names - self.names(GLOBAL)
        return found


@misreading("3 grants at upper nodes are not in the base")
class _(OtherScopes):
    def scopes(self) -> list[NodeId | None]:
        return [None]


@misreading("3 grants at the home's ancestors are not in the base")
class _(OtherScopes):
    def scopes(self) -> list[NodeId | None]:
        return [None, self.home]


@misreading("3 grants at local nodes are in the base")
class _(OtherScopes):
    def scopes(self) -> list[NodeId | None]:
        return [None, *self.chain]


@misreading("3 every role gives global permissions")
class _(Question):
    def held(self) -> set[tuple[Id, bool]]:
        return {(role, True) for role, _ in super().held()}


@misreading("3 no role gives global permissions")
class _(Question):
    def held(self) -> set[tuple[Id, bool]]:
        return {(role, False) for role, _ in super().held()}


@misreading("3 a global role gives global permissions at a node, too")
class _(Question):
    def held(self) -> set[tuple[Id, bool]]:
        found = set()
        for role, _ in self.assigned():
            for each in {role, *self.ancestors(role)}:
                found.add((each, self.world.roles[each].home is None))
        return found


@misreading("3 a global role gives no global permissions through its heir of a home")
class _(Question):
    def held(self) -> set[tuple[Id, bool]]:
        found = set()
        for role, node in self.assigned():
            in_full = node is None and self.world.roles[role].home is None
            found |= {(each, in_full) for each in {role, *self.ancestors(role)}}
        return found


@misreading("4 owners are like others")
class _(Question):
    def owns(self, node: NodeId) -> bool:
        return False


@misreading("4 owners of the node alone are in charge, not of those above")
class _(Question):
    def owns(self, node: NodeId) -> bool:
        return node == self.chain[-1] and super().owns(node)


@misreading("4 owners of local nodes are in charge wherever they are")
class _(Question):
    def owns(self, node: NodeId) -> bool:
        return isinstance(self.asker, Person) and self.world.nodes[node].owner == self.asker.id


@misreading("4 owners of upper nodes must be inside")
class _(Question):
    def owns(self, node: NodeId) -> bool:
        return super().owns(node) and (self.inside() or self.shared_with_anyone(node))


@misreading("4 owners of shared nodes must be inside")
class _(Question):
    def owns(self, node: NodeId) -> bool:
        return super().owns(node) and (node in self.upper() or self.inside())


@misreading("4 an application owns what the person with its id owns")
class _(Question):
    def owns(self, node: NodeId) -> bool:
        if isinstance(self.asker, Application):
            return self.world.nodes[node].owner == self.asker.id
        return super().owns(node)


@misreading("4 administrators are like others")
class _(Question):
    def in_charge(self, base: set[str]) -> bool:
        return any(self.owns(node) for node in self.chain)


@misreading("4 administrators of the node's own type alone are in charge")
class _(Question):
    def in_charge(self, base: set[str]) -> bool:
        if any(self.owns(node) for node in self.chain):
            return True
        return any(self.world.types[node[0]].administrator in base for node in self.chain[-1:])


@misreading("4 administrators are in charge globally")
class _(Question):
    def in_charge(self, base: set[str]) -> bool:
        types = self.world.types.values()
        return super().in_charge(base) or any(type_.administrator in base for type_ in types)


@misreading("4 who is in charge has global permissions")
class _(Question):
    def allowed(self) -> set[str]:
        found = super().allowed()
        return found | self.names(GLOBAL) if self.names(LOCAL) <= found else found


@misreading("4 who is in charge passes no gate unless they have it")
class _(Question):
    def in_charge(self, base: set[str]) -> bool:
        return super().in_charge(base) and self.after_gates(base) == base


@misreading("4 who is in charge is bound by a time-out")
class _(Question):
    def in_charge(self, base: set[str]) -> bool:
        return super().in_charge(base) and not self.in_time_out()
