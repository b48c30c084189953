"""The references of a part of a syntax tree, each as far as it is constant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yoto.rooms.policies.partial.topic import TOPIC_PATHS
from yoto.rooms.policies.portable.syntax import constant_part, nodes, references
from yoto.rooms.policies.rego.parser import Syntax

Path = tuple[str, ...]

# A builtin that gives another value at the next call.
_CLOCK = ("time", "now_ns")
# Builtins that take values of any type and never raise an error.
_TOTAL = frozenset(
    (f"is_{kind}",) for kind in ("array", "boolean", "null", "number", "object", "set", "string")
)
_COLLECTIONS = frozenset(("Array", "Set", "Object", "ArrayCompr", "SetCompr", "ObjectCompr"))
# Operators that raise an error for values of the wrong type.
_RAISING = ("ArithExpr", "BinExpr")


@dataclass(slots=True)
class Uses:
    """The dependencies of a part of a rule.

    Attributes:
        rules: rules and functions, by their paths below ``data``.
        names: variables of the rule itself.
        moving: it reads the input outside the topic, or a clock.
        raises: by itself, not by the rules that it uses, it may raise an error.
        whole: it may read all rules of a package, or anything.
    """

    rules: set[Path] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    moving: bool = False
    raises: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The resolution of a module's names.

    Attributes:
        package: the module's package.
        imports: names to paths, which begin with ``data`` or ``input``.
        rules: the rules of all modules, each by its package and first name.
        sets: the rules that only ever add members to a set.
        packages: every path that has rules below it.
    """

    package: Path
    imports: Mapping[str, Path]
    rules: frozenset[Path]
    sets: frozenset[Path]
    packages: frozenset[Path]

    def is_global(self, name: str) -> bool:
        """Whether a name means something outside a rule."""
        return name in self.imports or (*self.package, name) in self.rules

    def uses(self, tree: Any) -> Uses:
        """The dependencies of a part of a rule."""
        found = Uses()
        for path, called in references(tree):
            self._add(found, path, called)
        found.raises |= any(True for _ in nodes(tree, *_RAISING))
        found.raises |= any(map(self._takes_apart, nodes(tree, "AssignExpr", "SomeIn")))
        return found

    def _takes_apart(self, node: Syntax) -> bool:
        """Whether it destructures a value that may be no collection."""
        if "AssignExpr" in node:
            return "Var" not in node["AssignExpr"]["lhs"]
        collection = node["SomeIn"]["collection"]
        if "Var" in collection:
            name = str(collection["Var"]["value"])
            return name in self.imports or (*self.package, name) not in self.sets
        return not collection.keys() <= _COLLECTIONS

    def _add(self, found: Uses, path: tuple[str | None, ...], called: bool) -> None:
        root = str(path[0])
        constant = constant_part(path[1:])
        if root == "input":
            self._add_input(found, constant)
        elif root == "data":
            self._add_data(found, constant)
        elif root in self.imports:
            whole = self.imports[root] + constant
            if whole[0] == "input":
                self._add_input(found, whole[1:])
            else:
                self._add_data(found, whole[1:])
        elif (*self.package, root) in self.rules:
            found.rules.add((*self.package, root))
        elif called:
            found.moving |= (root, *constant) == _CLOCK
            found.raises |= (root, *constant) not in _TOTAL
        elif root != "_":
            found.names.add(root)

    def _add_input(self, found: Uses, path: Path) -> None:
        if not any(path[: len(topic)] == topic for topic in TOPIC_PATHS):
            found.moving = True

    def _add_data(self, found: Uses, path: Path) -> None:
        for size in range(len(path), 0, -1):
            if path[:size] in self.rules:
                found.rules.add(path[:size])
                return
        # A document is as constant as the set of policies itself.
        found.whole |= not path or path[0] == self.package[0] or path in self.packages
