"""What is done to circuit breakers."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from yoto.cli.options import Duration, as_json, says_why
from yoto.cli.resilience.group import controlling, resilience
from yoto.cli.resilience.output import echo_state
from yoto.resilience import Kind

F = TypeVar("F", bound=Callable[..., Any])


class _Stay(Duration):
    """A duration; None for ``ever``, until somebody ends it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "ever" else super().convert(value, param, ctx)


def _how_long(command: F) -> F:
    return click.option(
        "--for",
        "ttl",
        type=_Stay(),
        default="1h",
        show_default=True,
        help="How long; 'ever': until it is reset, a year at most.",
    )(command)


def _known(command: F) -> F:
    """A name that nobody has is refused: forcing it would do nothing and look like success."""

    @click.option(
        "--unlisted", is_flag=True, help="NAME is known to running workers alone: made up by code."
    )
    @functools.wraps(command)
    def checked(*args: Any, name: str, unlisted: bool, **kwargs: Any) -> Any:
        with controlling() as controller:
            names = [] if unlisted else controller.known_names(Kind.CIRCUIT_BREAKER)
        if not unlisted and name not in names:
            alike = difflib.get_close_matches(name, names) or names
            raise click.ClickException(
                f"there is no circuit breaker '{name}' (there are {', '.join(alike)}); "
                "--unlisted takes a name that running workers alone know"
            )
        return command(*args, name=name, **kwargs)

    return cast(F, checked)


@resilience.command("isolate")
@click.argument("name")
@_known
@_how_long
@says_why
@as_json
def isolate(name: str, ttl: float | None, reason: str, actor: str, as_json: bool) -> None:
    """Isolate the circuit breaker NAME: every call is rejected, on the whole fleet."""
    with controlling() as controller:
        state = controller.operations.isolate(name, author=actor, reason=reason, ttl=ttl)
    echo_state(state, as_json)


@resilience.command("close")
@click.argument("name")
@_known
@_how_long
@says_why
@as_json
def close(name: str, ttl: float | None, reason: str, actor: str, as_json: bool) -> None:
    """Bypass the circuit breaker NAME (force it closed): every call goes through, uncounted."""
    with controlling() as controller:
        state = controller.operations.close(name, author=actor, reason=reason, ttl=ttl)
    echo_state(state, as_json)


@resilience.command("reset")
@click.argument("name")
@_known
@says_why
@as_json
def reset(name: str, reason: str, actor: str, as_json: bool) -> None:
    """Close the circuit breaker NAME with nothing counted and nothing forced."""
    with controlling() as controller:
        state = controller.operations.reset(name, author=actor, reason=reason)
    echo_state(state, as_json)
