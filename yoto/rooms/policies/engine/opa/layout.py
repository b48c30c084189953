"""The layout of a bundle on an OPA server.

All that belongs to a version is below one name of its own, so that the old and the new version
exist side by side until the old one is not used any more. OPA takes modules one by one: between the
first and the last, the server has a partial set, which may allow what the whole denies. So each
module is given a mark, and the queried rule is defined only where all marks and the data are there.
A mark is a function: whatever looks through all rules of a package must not find it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.rego.moving import Moved, move
from yoto.rooms.policies.result import ENTRY_POINT

COMPLETE = "yoto_complete"
ANSWER = "yoto_answer"
MARK = "yoto_present"


@dataclass(frozen=True, slots=True)
class ModulePart:
    """One policy in a module on the server; its first line is the module's ``first_line``."""

    policy: str
    moved: Moved
    first_line: int

    @property
    def last_line(self) -> int:
        """Its last line in the module."""
        return self.first_line + self.moved.body.count("\n")


@dataclass(frozen=True, slots=True)
class Placed:
    """One module on the server: its id, its source, and the policies in it, in their order."""

    module_id: str
    source: str
    parts: tuple[ModulePart, ...] = ()

    @property
    def path(self) -> str:
        """The path of the module."""
        return f"/v1/policies/{quote(self.module_id, safe='/')}"

    def place(self, line: int, column: int) -> tuple[str, int, int] | None:
        """Policy, line and column behind a position in the module; None where there is none."""
        for part in self.parts:
            if part.first_line <= line <= part.last_line:
                line = line - part.first_line + 1
                return part.policy, line, part.moved.column(line, column)
        return None


@dataclass(frozen=True, slots=True)
class Layout:
    """A bundle in the form for the server.

    Attributes:
        prefix: the name below ``data`` that holds everything.
        data_json: the data documents, as JSON.
        modules: one for each package. OPA compiles each module when it is put, and policies of one
            package may name each other's rules; so they have to come in one.
        answer: the module that is sent last.
    """

    prefix: str
    data_json: str
    modules: tuple[Placed, ...]
    answer: Placed

    @property
    def data_path(self) -> str:
        """The path of the data documents."""
        return f"/v1/data/{self.prefix}"

    def rule_path(self, rule: str) -> str:
        """The path of a rule's value, by its path in the bundle (``data.yoto.authz.x``)."""
        return f"{self.data_path}/{rule.removeprefix('data.').replace('.', '/')}"

    def original(self, text: str) -> str:
        """A message of the server, with the names of the bundle."""
        return text.replace(f"data.{self.prefix}.", "data.").replace(f"{self.prefix}.yoto", "yoto")


def layout_of(bundle: Bundle, prefix: str, with_tests: bool = False) -> Layout:
    """Lay out a bundle below ``prefix``, a plain name.

    Raises:
        PolicyError: its data is not JSON.
    """
    sources = dict(sorted(bundle.modules.items()))
    if with_tests:
        sources |= {f"{name} (test)": source for name, source in sorted(bundle.tests.items())}
    packages: dict[str, list[tuple[str, Moved]]] = {}
    for name, source in sources.items():
        moved = move(source, prefix)
        packages.setdefault(moved.package, []).append((name, moved))
    inner = bundle.data_json[1:-1]
    return Layout(
        prefix,
        f'{{"{COMPLETE}":true{"," if inner else ""}{inner}}}',
        tuple(_placed(prefix, package, named) for package, named in sorted(packages.items())),
        Placed(f"yoto/{prefix}/{ANSWER}", _answer(prefix, sorted(packages))),
    )


def _placed(prefix: str, package: str, named: list[tuple[str, Moved]]) -> Placed:
    imports = dict.fromkeys(one for _, moved in named for one in moved.imports)
    lines = [f"package {package}", "", *imports, f"{MARK}(_) := true"]
    parts: list[ModulePart] = []
    for name, moved in named:
        parts.append(ModulePart(name, moved, len(lines) + 1))
        lines += moved.body.split("\n")
    inside = package.removeprefix(f"{prefix}.")
    return Placed(f"yoto/{prefix}/{inside}", "\n".join((*lines, "")), tuple(parts))


def _answer(prefix: str, packages: list[str]) -> str:
    entry = f"data.{prefix}.{ENTRY_POINT.removeprefix('data.')}"
    return "\n".join(
        (
            f"package {prefix}",
            "",
            f'{ANSWER} := {{"values": [value | value := {entry}]}} if {{',
            f"\tdata.{prefix}.{COMPLETE}",
            *(f"\tdata.{package}.{MARK}(null)" for package in packages),
            "}",
            "",
        )
    )


def compile_error(layout: Layout, body: Any) -> PolicyError:
    """The reason why a module was refused, from the body of the response."""
    return _error("bundle", layout, body)


def evaluation_error(layout: Layout, body: Any) -> PolicyError | None:
    """The error inside a policy; None if the response is about something else."""
    if not isinstance(body, dict) or body.get("code") != "internal_error":
        return None
    first = _first(body)
    if not str(first.get("code", "")).startswith("eval_"):
        return None
    return _error("decision", layout, body)


def _error(policy: str, layout: Layout, body: Any) -> PolicyError:
    first = _first(body)
    message = first.get("message") or (body.get("message") if isinstance(body, dict) else None)
    reason = layout.original(str(message or body))
    location = first.get("location")
    if not isinstance(location, dict):
        return PolicyError(policy, reason)
    file, line, column = (location.get(key) for key in ("file", "row", "col"))
    if not isinstance(line, int) or not isinstance(column, int):
        return PolicyError(policy, reason)
    for placed in layout.modules:
        found = placed.place(line, column) if placed.module_id == file else None
        if found is not None:
            policy, line, column = found
    return PolicyError(policy, f"line {line}, column {column}: {reason}")


def _first(body: Any) -> dict[str, Any]:
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else {}
    return first if isinstance(first, dict) else {}
