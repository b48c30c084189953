"""The size of policies."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.errors import PolicyError
from yoto.policy.rego import parse


@dataclass(frozen=True, slots=True)
class Complexity:
    """Size of one policy.

    Attributes:
        rules, expressions: in its syntax tree; None for a policy that has none.
        source_bytes: of the source as UTF-8.
    """

    rules: int | None
    expressions: int | None
    source_bytes: int


def complexity_of(name: str, source: str) -> Complexity:
    """The size of one module of Rego v1, whichever engine runs it."""
    size = len(source.encode())
    try:
        module = parse(name, source)
    except PolicyError:
        return Complexity(None, None, size)
    return Complexity(len(module["rules"]), module["num_expressions"], size)
