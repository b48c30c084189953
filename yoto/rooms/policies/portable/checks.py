"""All checks of one set of modules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from yoto.errors import PolicyError
from yoto.rooms.policies.portable.bodies import check_bodies
from yoto.rooms.policies.portable.calls import check_calls, costly
from yoto.rooms.policies.portable.heads import check_heads
from yoto.rooms.policies.portable.syntax import NotPortable, path_of, rules_of
from yoto.rooms.policies.rego.parser import Syntax


def check_portable(modules: Mapping[str, Syntax], exact: Collection[str] = ()) -> None:
    """Refuse forms that engines evaluate differently.

    Args:
        modules: the syntax tree of each module, by its name.
        exact: builtins and forms that the engine which is going to run them reads as OPA does.

    Raises:
        PolicyError: the first such form; the reason has the form that works.
    """
    for name, found in _faults(modules, exact):
        raise PolicyError(name, f"{found.place}: {found.reason}")


def check_costs(modules: Mapping[str, Syntax]) -> None:
    """Refuse calls whose value may fill any memory, on an engine that reads every form.

    Raises:
        PolicyError: the first such call; the reason has the form that works.
    """
    for name, module in modules.items():
        for found in costly(module):
            raise PolicyError(name, f"{found.place}: {found.reason}")


def _faults(
    modules: Mapping[str, Syntax], exact: Collection[str]
) -> Iterator[tuple[str, NotPortable]]:
    yield from check_heads(modules, exact)
    own: dict[str, set[int]] = {}
    for module in modules.values():
        for _, kind, head, reference in rules_of(module):
            if kind == "Func":
                name = str(path_of(reference)[-1])
                own.setdefault(name, set()).add(len(head["args"]))
    for name, module in modules.items():
        yield from ((name, found) for found in check_bodies(module, exact, own))
        yield from ((name, found) for found in check_calls(module, exact))
