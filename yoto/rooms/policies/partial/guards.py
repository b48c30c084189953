"""Splits bodies into parts that share no variable, and writes those that may be constant as rules.

A part of a body that depends on the topic and the documents alone is evaluated once a topic, by the
engine itself: as a rule of its own, its guard, beside the rules of the policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from yoto.rooms.policies.partial.clauses import Clause, Module, NotDivisible, Statement

# The most guards of a set; one with more is evaluated as it is.
MOST_GUARDS = 2000
# Names of guards begin with it, and no policy may have it.
PREFIX = "yoto_guard_"


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """The first statements of a group, as a rule that is true where they can all hold.

    Attributes:
        rule: its path from ``data``, dotted.
    """

    rule: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Statements of a clause that share variables with each other, and with no other statement.

    Attributes:
        in_head: whether the head needs its variables.
        guards: the guards of its first statements, of more and more of them.
    """

    statements: tuple[Statement, ...]
    in_head: bool
    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """The guards of a set.

    Attributes:
        groups: the groups of each divisible clause.
        modules: the Rego of the guards, by policy.
    """

    groups: dict[Clause, tuple[Group, ...]]
    modules: dict[str, str]


def guarded(modules: Sequence[Module]) -> Guarded:
    """The guards of all clauses.

    Raises:
        NotDivisible: there are too many, or a policy has their names.
    """
    groups: dict[Clause, tuple[Group, ...]] = {}
    written: dict[str, str] = {}
    numbers = count()
    for module in modules:
        if PREFIX in module.source:
            raise NotDivisible("a policy has the name of a guard")
        guards: list[Guard] = []
        for clause in module.clauses:
            made = [_group(module, clause, one, numbers) for one in _groups(clause.body)]
            guards += (guard for group in made for guard in group.guards)
            groups[clause] = tuple(made)
        if guards:
            written[module.name] = _rego(module, guards)
    if next(numbers) > MOST_GUARDS:
        raise NotDivisible(f"there are more than {MOST_GUARDS} guards")
    return Guarded(groups, written)


def _group(
    module: Module, clause: Clause, statements: tuple[Statement, ...], numbers: Iterator[int]
) -> Group:
    guards = tuple(
        Guard(".".join(("data", *module.package, f"{PREFIX}{next(numbers)}")), first)
        for first in _closed(statements)
    )
    names = frozenset().union(*(one.uses.names for one in statements))
    return Group(statements, bool(names & clause.head.names), guards)


def _rego(module: Module, guards: Sequence[Guard]) -> str:
    parts = [f"package {'.'.join(module.package)}", module.imports]
    for guard in guards:
        lines = "\n".join(module.source[slice(*one.span)] for one in guard.statements)
        parts.append(f"{guard.rule.rpartition('.')[2]} if {{\n{lines}\n}}")
    return "\n\n".join(parts) + "\n"


def _groups(body: Sequence[Statement]) -> list[tuple[Statement, ...]]:
    groups: list[tuple[set[str], list[int]]] = []
    for index, statement in enumerate(body):
        names, members, apart = set(statement.uses.names), [index], []
        for other_names, others in groups:
            if other_names & names:
                names |= other_names
                members = others + members
            else:
                apart.append((other_names, others))
        groups = [*apart, (names, members)]
    ordered = sorted((sorted(members) for _, members in groups), key=lambda one: one[0])
    return [tuple(body[index] for index in members) for members in ordered]


def _closed(statements: Sequence[Statement]) -> Iterator[tuple[Statement, ...]]:
    """The beginnings of a group that need no later variable, and no input by themselves."""
    bound: set[str] = set()
    for size, statement in enumerate(statements, 1):
        if statement.uses.moving:
            return
        bound |= statement.binds
        if statement.uses.names - statement.inner - bound:
            return
        yield tuple(statements[:size])
