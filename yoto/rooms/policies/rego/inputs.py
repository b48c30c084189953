"""The parts of the input that a module may read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yoto.rooms.policies.rego.heads import path_at
from yoto.rooms.policies.rego.tokens import Kind, Token

# The module may look at any part of the input.
EVERYTHING = "*"


def reads_of(modules: Iterable[Sequence[Token]]) -> frozenset[str]:
    """The dotted input paths at or below which modules read; ``{"*"}`` if they are unknown.

    A path stands for all that is below it: ``input.subject.roles[_]`` gives ``subject.roles``. They
    are unknown where the input is used as a whole (``f(input)``, ``input[key]``).
    """
    found: set[str] = set()
    for tokens in modules:
        for index, token in enumerate(tokens):
            if is_root(tokens, index, "input"):
                path = _path(tokens, index)
                if not path:
                    return frozenset({EVERYTHING})
                found.add(".".join(path))
    return frozenset(found)


def is_root(tokens: Sequence[Token], index: int, name: str) -> bool:
    """Whether a token is the document ``name`` itself, and no field that is called so."""
    token = tokens[index]
    return (
        token.kind is Kind.NAME
        and token.value == name
        and (index == 0 or tokens[index - 1].value != ".")
    )


def _path(tokens: Sequence[Token], index: int) -> tuple[str, ...]:
    path: list[str] = []
    for part in path_at(tokens, index)[0][1:]:
        # Such a name cannot be written in a dotted path, so the part that holds it stands for it.
        if "." in part or part in ("", EVERYTHING):
            break
        path.append(part)
    return tuple(path)
