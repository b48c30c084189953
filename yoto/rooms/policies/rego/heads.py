"""The declarations of a module, and the parts of the input that it may read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from yoto.rooms.policies.rego.tokens import Kind, Token, is_word, joins

TEST_PREFIX = "test_"
# A line that ends in one of these goes on in the next.
_GO_ON = frozenset(("if", "not", "else", "contains", "default", "some", "every"))


def package_of(tokens: Sequence[Token]) -> tuple[str, ...] | None:
    """The parts of the package's name; None if the source does not begin with one."""
    if len(tokens) < 2 or tokens[0].value != "package" or tokens[1].kind is not Kind.NAME:
        return None
    return path_at(tokens, 1)[0]


def path_at(tokens: Sequence[Token], index: int) -> tuple[tuple[str, ...], int]:
    """The reference that begins with the name at ``index``, as far as it is constant.

    Returns:
        Its parts, and the index of the first token that is not part of it. ``a.b["c"][d]`` gives
        ``("a", "b", "c")``.
    """
    parts = [tokens[index].value]
    index += 1
    while index < len(tokens):
        following = tokens[index + 1 : index + 3]
        if tokens[index].value == "." and following and following[0].kind is Kind.NAME:
            parts.append(following[0].value)
            index += 2
        elif _is_constant_bracket(tokens[index], following):
            parts.append(_text(following[0].value))
            index += 3
        else:
            break
    return tuple(parts), index


def rule_heads(tokens: Sequence[Token]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The name of each rule, and the index of the token behind it; a rule may come twice."""
    for index, token in enumerate(tokens):
        if token.depth == 0 and token.first and token.kind is Kind.NAME:
            if index and (joins(tokens, index - 1) or is_word(tokens, index - 1, _GO_ON)):
                continue
            at = index + 1 if token.value == "default" else index
            if at < len(tokens) and tokens[at].value not in ("package", "import"):
                yield path_at(tokens, at)


def has_rule(tokens: Sequence[Token], name: str) -> bool:
    """Whether a rule of that plain name is declared."""
    return any(path == (name,) for path, _ in rule_heads(tokens))


def test_rules(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The names of the rules that are tests, each once, sorted."""
    names = {path[0] for path, _ in rule_heads(tokens) if path[0].startswith(TEST_PREFIX)}
    return tuple(sorted(names))


def _is_constant_bracket(token: Token, following: Sequence[Token]) -> bool:
    return (
        token.value == "["
        and len(following) == 2
        and following[0].kind is Kind.TEXT
        and following[1].value == "]"
    )


def _text(literal: str) -> str:
    if literal.startswith("`"):
        return literal.strip("`")
    try:
        return str(json.loads(literal))
    except ValueError:
        return literal.strip('"')


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
