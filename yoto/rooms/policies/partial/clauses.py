"""The rules of modules as clauses, and their bodies as statements with their places."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yoto.rooms.policies.partial.references import Path, Scope, Uses
from yoto.rooms.policies.portable.syntax import imports_of, nodes, package_of, path_of, rules_of
from yoto.rooms.policies.rego.parser import Syntax
from yoto.rooms.policies.rego.tokens import Kind, Token, tokenize

Span = tuple[int, int]


class NotDivisible(Exception):
    """A module with a part that is not understood: such a set is evaluated as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One line of a body.

    Attributes:
        span: offsets in the source, the end excluded.
        uses: its dependencies.
        binds: variables that it declares.
        inner: variables that it declares within itself, as comprehensions do.
    """

    span: Span
    uses: Uses
    binds: frozenset[str]
    inner: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """One rule with a head and a body; a name may have several.

    Attributes:
        rule: its name, below ``data``.
        module: the policy that it stands in.
        is_set: whether it adds a member to a set.
        head: the dependencies of its head; of the whole rule if it is not divisible.
        body: its statements; empty where it is not divisible.
        divisible: whether its statements are known, and leaving it out leaves a rule.
        valued: whether another clause may give another value, which is an error.
    """

    rule: Path
    module: str
    span: Span
    is_set: bool
    head: Uses
    body: tuple[Statement, ...]
    divisible: bool
    valued: bool


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A source, with the parts that its guards need."""

    name: str
    source: str
    package: Path
    imports: str
    clauses: tuple[Clause, ...]


def modules_of(sources: Mapping[str, str], syntax: Mapping[str, Syntax]) -> list[Module]:
    """Read the modules of a set.

    Raises:
        NotDivisible: something in them may read anything.
    """
    packages = {name: _package(tree) for name, tree in syntax.items()}
    kinds: dict[Path, set[bool]] = {}
    for name, tree in syntax.items():
        for _, kind, _, reference in rules_of(tree):
            rule = (*packages[name], str(path_of(reference)[0]))
            kinds.setdefault(rule, set()).add(kind == "Set" and "Var" in reference)
    rules = frozenset(kinds)
    sets = frozenset(rule for rule, are_sets in kinds.items() if are_sets == {True})
    above = frozenset(rule[:size] for rule in rules for size in range(len(rule)))
    scopes = {
        name: Scope(packages[name], imports_of(tree), rules, sets, above)
        for name, tree in syntax.items()
    }
    return [
        _Reader(name, source, syntax[name], scopes[name]).module()
        for name, source in sources.items()
    ]


def _package(tree: Syntax) -> Path:
    path = package_of(tree)
    if not all(part is not None and part.isidentifier() for part in path):
        raise NotDivisible("a package has no plain name")
    return tuple(str(part) for part in path)


class _Reader:
    """Reads one module."""

    def __init__(self, name: str, source: str, tree: Syntax, scope: Scope) -> None:
        self._name = name
        self._source = source
        self._tree = tree
        self._scope = scope
        self._tokens = tokenize(source)
        self._starts = [token.start for token in self._tokens]
        if any(one.value == "with" and one.kind is Kind.NAME for one in self._tokens):
            raise NotDivisible("'with' evaluates rules for other inputs")

    def module(self) -> Module:
        """The module."""
        imports = [_span(one["span"]) for one in self._tree["imports"]]
        clauses = [self._clause(rule, kind, head) for rule, kind, head, _ in rules_of(self._tree)]
        known = [_span(self._tree["package"]["span"]), *imports]
        known += [clause.span for clause in clauses]
        if self._between(known, (0, len(self._source))):
            raise NotDivisible("the places of rules are not known")
        for clause in clauses:
            parts = [clause.head, *(one.uses for one in clause.body)]
            if any(part.whole for part in parts):
                raise NotDivisible("a package is looked at as a whole")
        return Module(
            self._name,
            self._source,
            self._scope.package,
            "\n".join(self._source[start:end] for start, end in imports),
            tuple(clauses),
        )

    def _clause(self, rule: Any, kind: str, head: Any) -> Clause:
        whole = rule["Default"] if kind == "Default" else rule["Spec"]
        bodies = whole.get("bodies", [])
        path = (*self._scope.package, str(path_of(head["refr"])[0]))
        valued = head.get("assign") is not None or kind == "Func" or bool(bodies[1:])
        plain = kind in ("Set", "Compr") and "Var" in head["refr"] and len(bodies) == 1
        span = _span(whole["span"])
        local = _names(_declared(whole, kind))
        # A name that is a rule's elsewhere, and a variable here, is taken for both.
        divisible = plain and not any(self._scope.is_global(name) for name in local)
        body: tuple[Statement, ...] = ()
        if divisible:
            body = tuple(self._statement(one) for one in bodies[0]["query"]["stmts"])
            inside = (_span(bodies[0]["query"]["span"])[0], span[1])
            divisible = not self._between([one.span for one in body], inside, braces=True)
        if divisible:
            parts = [head.get("key"), head.get("assign")]
            uses = self._scope.uses(parts)
            return Clause(path, self._name, span, kind == "Set", uses, body, True, valued)
        parts = [value for key, value in head.items() if key not in ("refr", "span")]
        # The first name of a reference is the rule's own; everything behind it is read.
        parts += [_behind_first(head["refr"]), bodies]
        uses = self._scope.uses(parts)
        return Clause(path, self._name, span, kind == "Set", uses, (), False, valued)

    def _statement(self, statement: Any) -> Statement:
        literal = statement["literal"]
        uses = self._scope.uses(literal)
        binds = frozenset(_names(_bound(literal)))
        declared = _names(_declared(literal, ""))
        uses.names |= declared
        return Statement(_span(statement["span"]), uses, binds, frozenset(declared - binds))

    def _between(self, spans: Sequence[Span], inside: Span, braces: bool = False) -> list[Token]:
        """The tokens of ``inside`` that are in none of the spans, and separate nothing."""
        first, behind = (bisect_left(self._starts, place) for place in inside)
        found = [
            token
            for token in self._tokens[first:behind]
            if token.value != ";"
            and not any(start <= token.start and token.end <= end for start, end in spans)
        ]
        if braces and len(found) == 2 and [one.value for one in found] == ["{", "}"]:
            return []
        return found


def _span(span: Mapping[str, int]) -> Span:
    return span["start"], span["end"]


def _bound(literal: Any) -> Iterator[Any]:
    """The patterns in which a statement itself declares variables."""
    if "SomeIn" in literal:
        yield from (literal["SomeIn"]["key"], literal["SomeIn"]["value"])
    elif "Expr" in literal and "AssignExpr" in literal["Expr"]["expr"]:
        assign = literal["Expr"]["expr"]["AssignExpr"]
        if assign["op"] == "ColEq":
            yield assign["lhs"]


def _declared(tree: Any, kind: str) -> Iterator[Any]:
    """Every declaration of variables in a part of a rule: patterns, or places of names."""
    if kind in ("Func", "Default"):
        yield tree.get("args") or tree.get("head", {}).get("Func", {}).get("args")
    for node in nodes(tree, "SomeIn", "Every", "SomeVars", "AssignExpr"):
        ((key, inside),) = node.items()
        if key == "SomeVars":
            yield from inside["vars"]
        elif key == "AssignExpr":
            # A comparison by '=' declares variables that have no value yet.
            yield from (inside["lhs"], inside["rhs"] if inside["op"] != "ColEq" else None)
        else:
            yield from (inside["key"], inside["value"])


def _names(patterns: Iterator[Any]) -> set[str]:
    """The variables in patterns."""
    found: set[str] = set()
    waiting = list(patterns)
    while waiting:
        node = waiting.pop()
        if type(node) is list:
            waiting += node
        elif type(node) is dict:
            if "text" in node:
                found.add(node["text"])
                continue
            if "Var" in node:
                found.add(str(node["Var"]["value"]))
            waiting += (
                inside for key, inside in node.items() if key not in ("span", "Var", "field")
            )
    return found - {"_", "input", "data"}


def _behind_first(reference: Any) -> list[Any]:
    indexes: list[Any] = []
    while "Var" not in reference:
        kind = "RefDot" if "RefDot" in reference else "RefBrack"
        if kind == "RefBrack":
            indexes.append(reference[kind]["index"])
        reference = reference[kind]["refr"]
    return indexes
