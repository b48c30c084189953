"""The actions that the code writes into the audit log, read from its source."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ACTION = re.compile(r"[a-z_]+(\.[a-z_]+)+")
# The functions that write a record; one that passes an argument of its own on to one is one, too.
WRITERS = ("record_audit", "record_act", "AuditEntry")
WRITES = re.compile(r"record|AuditEntry")


class Argument(NamedTuple):
    """An argument that is an action, and what is made of it, such as ``breaker.{}``."""

    place: int
    name: str
    form: str


class Call(NamedTuple):
    """A call, and the function around it."""

    name: str
    node: ast.Call
    inside: ast.FunctionDef | None


class Module:
    """The calls of a module, and what its names are set to."""

    def __init__(self, source: str) -> None:
        self.private: dict[str, set[Argument]] = defaultdict(set)
        self.names: dict[str, list[ast.expr]] = defaultdict(list)
        self.calls: list[Call] = []
        self._read(ast.parse(source), None)

    def _read(self, node: ast.AST, inside: ast.FunctionDef | None) -> None:
        if isinstance(node, ast.FunctionDef):
            inside = node
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            self.calls.append(Call(name, node, inside))
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            self._set(node.targets[0], node.value)
        for child in ast.iter_child_nodes(node):
            self._read(child, inside)

    def _set(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id].append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, part in zip(target.elts, value.elts, strict=True):
                self._set(one, part)

    def spelt(self, value: ast.expr) -> Iterator[str | None]:
        """The texts that a value may be; None: one that only run time knows."""
        match value:
            case ast.Constant(str(text)):
                yield text
            case ast.IfExp(body=one, orelse=other):
                yield from chain(self.spelt(one), self.spelt(other))
            case ast.Name(id=name) if name in self.names:
                yield from chain.from_iterable(map(self.spelt, self.names[name]))
            case ast.Subscript(value=ast.Name(id=name)) if name in self.names:
                yield from chain.from_iterable(map(self.spelt, self.names[name]))
            case ast.Dict(values=values):
                yield from chain.from_iterable(map(self.spelt, values))
            case _:
                yield None


class Actions:
    """The actions of the whole source.

    Attributes:
        spelt: those that it spells out, such as ``role.update``.
        unknown: those passed to a writer that only run time knows, such as ``f'policy.{action}'``.
    """

    def __init__(self) -> None:
        paths = chain.from_iterable((ROOT / name).rglob("*.py") for name in ("yoto", "app"))
        sources = (path.read_text(encoding="utf-8") for path in sorted(paths))
        self._modules = [Module(source) for source in sources if WRITES.search(source)]
        self._public = defaultdict(set, {name: {Argument(0, "action", "{}")} for name in WRITERS})
        self.spelt: set[str] = set()
        self.unknown: set[str] = set()
        known = -1
        while known != (known := self._known()):
            for module in self._modules:
                self._look(module)

    def _known(self) -> int:
        every = (self._public, *(module.private for module in self._modules))
        return sum(len(one) for found in every for one in found.values())

    def _look(self, module: Module) -> None:
        for call in module.calls:
            known = (*self._public.get(call.name, ()), *module.private.get(call.name, ()))
            for argument in known:
                named = [one.value for one in call.node.keywords if one.arg == argument.name]
                for value in named or call.node.args[argument.place : argument.place + 1]:
                    if not self._passed_on(module, call.inside, value, argument.form):
                        self._note(module, call.name, value, argument.form)

    def _passed_on(
        self, module: Module, inside: ast.FunctionDef | None, value: ast.expr, form: str
    ) -> bool:
        """Whether the action is an argument of the function around the call."""
        if inside is None:
            return False
        if isinstance(value, ast.JoinedStr):
            parts = [one for one in value.values if isinstance(one, ast.FormattedValue)]
            texts = (one.value if isinstance(one, ast.Constant) else "{}" for one in value.values)
            form = form.format("".join(map(str, texts)))
            value = parts[0].value if len(parts) == 1 else value
        places = [one.arg for one in (*inside.args.posonlyargs, *inside.args.args)]
        places = places[1:] if places[:1] == ["self"] else places
        if not isinstance(value, ast.Name) or value.id not in places:
            return False
        known = module.private if inside.name.startswith("_") else self._public
        known[inside.name].add(Argument(places.index(value.id), value.id, form))
        return True

    def _note(self, module: Module, called: str, value: ast.expr, form: str) -> None:
        for text in module.spelt(value):
            if text is not None and ACTION.fullmatch(form.format(text)):
                self.spelt.add(form.format(text))
            elif text is None and called in WRITERS:
                # Names of other functions are those of functions that write no record, too.
                self.unknown.add(form.format(ast.unparse(value)))
