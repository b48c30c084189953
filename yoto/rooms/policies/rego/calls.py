"""The functions that a module calls, and those that it defines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from yoto.rooms.policies.rego.heads import package_of, path_at, rule_heads
from yoto.rooms.policies.rego.tokens import Kind, Token, is_word

# Words that may stand before a bracket without being called.
_KEYWORDS = frozenset(
    "as default else every false if import in not null package some true with set".split()
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call in a source.

    Attributes:
        name: as it is written.
        path: the function's path below ``data``.
        own: whether that is in the module's own package; then a builtin may be meant instead.
        everywhere: whether every engine finds it there.
    """

    name: str
    path: tuple[str, ...]
    own: bool
    line: int
    column: int
    everywhere: bool = True


def defined_functions(tokens: Sequence[Token]) -> frozenset[tuple[str, ...]]:
    """The paths below ``data`` of all functions that a module defines."""
    package = package_of(tokens) or ()
    return frozenset(
        package + path
        for path, end in rule_heads(tokens)
        if end < len(tokens) and tokens[end].value == "("
    )


def calls_of(tokens: Sequence[Token]) -> Iterator[Call]:
    """Every call in a module, heads of functions left out."""
    package, aliases = package_of(tokens) or (), _imports(tokens)
    heads = {end for _, end in rule_heads(tokens)}
    for index, token in enumerate(tokens):
        if token.kind is not Kind.NAME or token.value in _KEYWORDS:
            continue
        if index > 0 and tokens[index - 1].value == ".":
            continue
        path, end = path_at(tokens, index)
        if end >= len(tokens) or tokens[end].value != "(" or end in heads:
            continue
        if path == ("contains",) and tokens[end].start > tokens[end - 1].end:
            continue  # the keyword, before a member in brackets
        yield _call(token, path, package, aliases)


def given_by_with(tokens: Sequence[Token]) -> Iterator[Call]:
    """Every name that ``with`` puts in the place of something else: it may be a function's."""
    package, aliases = package_of(tokens) or (), _imports(tokens)
    imported = {
        path_at(tokens, index + 1)[1]
        for index, token in enumerate(tokens[:-1])
        if token.first and token.value == "import"
    }
    for index in range(len(tokens) - 1):
        if is_word(tokens, index, ("as",)) and index not in imported:
            at = index + 1
            while at + 1 < len(tokens) and tokens[at].value == "(":
                at += 1
            if tokens[at].kind is Kind.NAME:
                yield _call(tokens[at], path_at(tokens, at)[0], package, aliases)


def _call(
    token: Token,
    path: tuple[str, ...],
    package: tuple[str, ...],
    aliases: Mapping[str, tuple[str, ...]],
) -> Call:
    name = ".".join(path)
    if path[0] == "data":
        return Call(name, path[1:], False, token.line, token.column)
    if path[0] in aliases:
        whole = aliases[path[0]] + path[1:]
        # Regorus finds no function by a new name, nor one that is imported itself.
        found = len(path) > 1 and path[0] == aliases[path[0]][-1]
        return Call(name, whole, False, token.line, token.column, found)
    return Call(name, package + path, True, token.line, token.column)


def _imports(tokens: Sequence[Token]) -> dict[str, tuple[str, ...]]:
    aliases: dict[str, tuple[str, ...]] = {}
    for index, token in enumerate(tokens):
        if token.depth or not token.first or token.value != "import":
            continue
        if index + 1 >= len(tokens) or tokens[index + 1].value != "data":
            continue
        path, end = path_at(tokens, index + 1)
        alias = path[-1]
        if end + 1 < len(tokens) and tokens[end].value == "as":
            alias = tokens[end + 1].value
        aliases[alias] = path[1:]
    return aliases
