"""Acts on circuit breakers."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

import click

from yoto.cli.operations import command
from yoto.cli.options import Duration
from yoto.cli.resilience.group import controller, resilience
from yoto.cli.resilience.output import state_lines
from yoto.http.operation import Author, Reason
from yoto.operate.guards import FORCED_FOR
from yoto.resilience import BreakerState, Kind


class _Stay(Duration):
    """A duration; ``ever`` is None: until an operator ends it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "ever" else super().convert(value, param, ctx)


Stay = Annotated[float | None, _Stay(), "How long; 'ever': until it is reset, a year at most."]
Unlisted = Annotated[bool, "NAME is known to running workers alone: made up by code."]


@command(resilience, "isolate <name>", state_lines, ttl="for")
def isolate(
    name: str, reason: Reason, by: Author, unlisted: Unlisted = False, ttl: Stay = FORCED_FOR
) -> BreakerState:
    """Isolate the circuit breaker NAME: every call is rejected, on the whole fleet."""
    _check_known(name, unlisted)
    return controller().operations.isolate(name, author=by, reason=reason, ttl=ttl)


@command(resilience, "close <name>", state_lines, ttl="for")
def close(
    name: str, reason: Reason, by: Author, unlisted: Unlisted = False, ttl: Stay = FORCED_FOR
) -> BreakerState:
    """Bypass the circuit breaker NAME (force it closed): every call is allowed, uncounted."""
    _check_known(name, unlisted)
    return controller().operations.close(name, author=by, reason=reason, ttl=ttl)


@command(resilience, "reset <name>", state_lines)
def reset(name: str, reason: Reason, by: Author, unlisted: Unlisted = False) -> BreakerState:
    """Close the circuit breaker NAME with nothing counted and nothing forced."""
    _check_known(name, unlisted)
    return controller().operations.reset(name, author=by, reason=reason)


def _check_known(name: str, unlisted: bool) -> None:
    """Refuse an unknown name, since forcing it would do nothing and look like success."""
    names = [] if unlisted else controller().known_names(Kind.CIRCUIT_BREAKER)
    if not unlisted and name not in names:
        alike = difflib.get_close_matches(name, names) or names
        raise click.ClickException(
            f"there is no circuit breaker '{name}' (there are {', '.join(alike)}); "
            "--unlisted takes a name that running workers alone know"
        )
