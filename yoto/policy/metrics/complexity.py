"""How large policies are."""

from __future__ import annotations

import json
from dataclasses import dataclass

from yoto.policy.engine.embedded import new_engine


@dataclass(frozen=True, slots=True)
class Complexity:
    """Size of one policy.

    Attributes:
        rules, expressions: as regorus counts them; None for a policy that it cannot parse.
        source_bytes: of the source as UTF-8.
    """

    rules: int | None
    expressions: int | None
    source_bytes: int


def complexity_of(name: str, source: str) -> Complexity:
    """The size of one module of Rego v1, whichever engine runs it."""
    size = len(source.encode())
    engine = new_engine()
    try:
        engine.add_policy(name, source)
        (module,) = json.loads(engine.get_ast_as_json())
        return Complexity(len(module["ast"]["rules"]), module["ast"]["num_expressions"], size)
    except (RuntimeError, ValueError, KeyError):
        return Complexity(None, None, size)
