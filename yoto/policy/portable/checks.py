"""All checks of one set of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yoto.errors import PolicyError
from yoto.policy.portable.bodies import check_bodies
from yoto.policy.portable.calls import check_calls
from yoto.policy.portable.heads import check_heads
from yoto.policy.portable.syntax import NotPortable
from yoto.policy.rego import Syntax


def check_portable(modules: Mapping[str, Syntax]) -> None:
    """Refuse forms that engines evaluate differently.

    Args:
        modules: the syntax tree of each module, by its name.

    Raises:
        PolicyError: the first such form; the reason has the form that works.
    """
    for name, found in _faults(modules):
        raise PolicyError(name, f"{found.place}: {found.reason}")


def _faults(modules: Mapping[str, Syntax]) -> Iterator[tuple[str, NotPortable]]:
    yield from check_heads(modules)
    for name, module in modules.items():
        for check in (check_bodies, check_calls):
            yield from ((name, found) for found in check(module))
