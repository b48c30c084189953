"""Random declarations of types: a chain one to eight deep, with branches, nesting and a home."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.support.trees.model import ANYONE, GLOBAL, LOCAL, MEMBERS, Type
from tests.support.trees.shape import at_most_one_home

READ, WRITE, SHARE, ADMINISTER, PURGE = "x.read", "x.write", "x.share", "x.administer", "x.purge"
PERMISSIONS = {
    READ: LOCAL,
    WRITE: LOCAL,
    SHARE: LOCAL,
    ADMINISTER: LOCAL,
    PURGE: LOCAL,
    "site.audit": GLOBAL,
    "site.bill": GLOBAL,
}
LOCALS = tuple(name for name, scope in PERMISSIONS.items() if scope == LOCAL)
UNREGISTERED = "x.unregistered"
DEEPEST_CHAIN_OF_TYPES = 8
SIDE = "side"


def random_types(rng: Random, depth: int | None = None) -> dict[str, Type]:
    """``depth`` types, each below the one before; sometimes one more root beside them."""
    depth = depth or rng.randint(1, DEEPEST_CHAIN_OF_TYPES)
    types = _chain(rng, depth)
    if rng.random() < 0.88:
        types = _with_home(types, rng.choice(list(types)[: (depth + 2) // 2]))
    types = _with_side(rng, types)
    return {name: _dressed(rng, type_, list(types)) for name, type_ in types.items()}


def _chain(rng: Random, depth: int) -> dict[str, Type]:
    names = [f"level{number}" for number in range(1, depth + 1)]
    types = {}
    for index, name in enumerate(names):
        parents = [names[index - 1]] if index else []
        if index > 1 and rng.random() < 0.25:
            parents.append(rng.choice(names[: index - 1]))
        types[name] = Type(name, tuple(parents))
    if rng.random() < 0.4:
        nesting = rng.choice(names)
        types[nesting] = replace(types[nesting], parents=(*types[nesting].parents, nesting))
    return types


def _with_home(types: dict[str, Type], home: str) -> dict[str, Type]:
    """With that home, unless a chain could then have two."""
    found = types | {home: replace(types[home], members=True)}
    return found if at_most_one_home(found.values()) else types


def _with_side(rng: Random, types: dict[str, Type]) -> dict[str, Type]:
    """Sometimes one more root, perhaps a home itself, that one of the others may stand under."""
    if rng.random() < 0.7:
        return types
    below = types[rng.choice(list(types))]
    side = {
        SIDE: Type(SIDE),
        **types,
        below.name: replace(below, parents=(*below.parents, SIDE)),
    }
    return _with_home(side, SIDE) if rng.random() < 0.6 else side


def _dressed(rng: Random, type_: Type, names: list[str]) -> Type:
    """With a gate, an administrator and so on; a home has most of them more often."""
    home = type_.members
    gate = administrator = sync = None
    remaining: tuple[str, ...] = ()
    if rng.random() < 0.18:
        gate = UNREGISTERED if rng.random() < 0.08 else rng.choice((READ, READ, WRITE))
    if rng.random() < (0.5 if home else 0.2):
        administrator = rng.choice((ADMINISTER, ADMINISTER, PURGE))
    if home:
        remaining = tuple(rng.sample(LOCALS, rng.randint(0, 3)))
    elif rng.random() < 0.35:
        sync = rng.choice(names)
    return replace(
        type_,
        owner=rng.random() < (0.7 if home else 0.4),
        gate=gate,
        administrator=administrator,
        remaining=remaining,
        shared=ANYONE if rng.random() < 0.35 else MEMBERS,
        sync=sync,
    )
