"""The shape of a world by itself: chains, homes, descendants, what may be put where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.support.trees.model import Id, NodeId, RoleRow, TeamRow, Type, World


def ancestors_and_self(world: World, node: NodeId) -> list[NodeId]:
    """From the node up, as far as it goes."""
    found = [node]
    while (parent := world.nodes[found[-1]].parent) is not None:
        found.append(parent)
        assert len(found) <= len(world.nodes), f"{node} is below itself"
    return found


def home_of(world: World, node: NodeId) -> NodeId | None:
    for each in ancestors_and_self(world, node):
        if world.types[each[0]].members:
            return each
    return None


def homes(world: World) -> list[NodeId]:
    return [node for node in world.nodes if world.types[node[0]].members]


def subtree(world: World, node: NodeId) -> list[NodeId]:
    """The node and all below it."""
    return [each for each in world.nodes if node in ancestors_and_self(world, each)]


def top_down(world: World) -> list[NodeId]:
    """All nodes, each after its parent: the order in which they can be made."""
    return sorted(world.nodes, key=lambda node: len(ancestors_and_self(world, node)))


def heirs_last(rows: Mapping[Id, RoleRow] | Mapping[Id, TeamRow]) -> list[Id]:
    """All roles, or all teams, each after its parents."""
    done: list[Id] = []
    while len(done) < len(rows):
        ready = [
            id_
            for id_, row in rows.items()
            if id_ not in done and all(parent in done for parent in row.parents)
        ]
        assert ready, "these inherit from each other"
        done += ready
    return done


def would_be_a_cycle(
    rows: Mapping[Id, RoleRow] | Mapping[Id, TeamRow], heir: Id, parent: Id
) -> bool:
    reached = [parent]
    for each in reached:
        reached += [above for above in rows[each].parents if above not in reached]
    return heir in reached


def at_most_one_home(types: Iterable[Type]) -> bool:
    """Whether no chain of these types can have two nodes that people belong to."""
    known = {type_.name: type_ for type_ in types}

    def above(name: str) -> set[str]:
        found: set[str] = set()
        to_visit = [name]
        while to_visit:
            for parent in known[to_visit.pop()].parents:
                if parent not in found:
                    found.add(parent)
                    to_visit.append(parent)
        return found

    homes = [name for name, type_ in known.items() if type_.members]
    return not any(known[parent].members for home in homes for parent in above(home))
