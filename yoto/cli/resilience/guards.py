"""The states of all guards, and acts on limits, bulkheads and degraded features."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import click
from marshmallow.validate import OneOf

from yoto.cli.operations import command
from yoto.cli.options import Duration
from yoto.cli.resilience.group import (
    HowLong,
    Plain,
    changed,
    controller,
    receipt_lines,
    resilience,
    state_lines,
)
from yoto.http.operation import Author, Reason
from yoto.operate.guard_state import GUARDED, Guard, GuardKind, every_guard
from yoto.operate.guards import FORCED_FOR
from yoto.resilience import BreakerState, DegradationLevel, Kind, MultiDimensionalKey, network_of

NO_LEVEL = "clear"
Who = Literal["user", "server", "address", "text"]
WHO: tuple[Who, ...] = ("user", "server", "address", "text")


def _guards(found: list[Guard], **given: Any) -> Iterator[str]:
    for one in found:
        note = " (this process alone: Redis is unavailable)" if one["scope"] == "worker" else ""
        yield f"{one['kind']:<16} {one['name']:<24} {one['state']:<12} {_rates(one)}{note}"
        yield from (f"  {line}" for line in _details(one))


def _nothing_used(found: Plain, name: str, **given: Any) -> Iterator[str]:
    if not found.get("complete", True):
        click.echo("Some are left: run it again.", err=True)
    yield f"rate limit {name}: nothing used of {', '.join(found['dimensions'])}"


def _came_back(found: Plain, name: str, **given: Any) -> list[str]:
    return [f"bulkhead {name}: {found['released']} slots came back"]


@command(resilience, "guards <kind>", _guards)
def guards(
    kind: GuardKind | None = None,
    name: Annotated[str | None, "Only those with this text in their names."] = None,
) -> list[Guard]:
    """Show every guard: its state, its calls and rejections, and the most rejected callers."""
    return list(every_guard(controller(), GUARDED if kind is None else (Kind(kind),), name))


@command(resilience, "reset-key <name>", _nothing_used)
def reset_key(
    name: str,
    reason: Reason,
    by: Author,
    user: Annotated[str | None, "The user of whom use is forgotten."] = None,
    server: Annotated[str | None, "The server."] = None,
    address: Annotated[str | None, "The address; of IPv6 its network."] = None,
    text: Annotated[str | None, "A key that the code gave."] = None,
    everyone: Annotated[bool, "What the dimension 'global' counted."] = False,
    all: Annotated[bool, "What every caller used."] = False,
) -> Plain:
    """Reset a caller's usage of the rate limit NAME.

    A dimension is reset when all of its parts are given.
    """
    parts, operations = (user, server, address), controller().operations
    if [any(parts), text is not None, everyone, all].count(True) != 1:
        raise click.ClickException("give parts of a caller, or --text, --everyone or --all")
    if all:
        done, complete = operations.reset_all(name, author=by, reason=reason)
        return {"dimensions": done, "complete": complete}
    key: MultiDimensionalKey | str | None = None if everyone else text
    if any(parts):
        key = MultiDimensionalKey(user, server, network_of(address))
    return {"dimensions": operations.reset_key(name, key, author=by, reason=reason)}


@command(resilience, "release <name>", _came_back)
def release(
    name: str,
    reason: Reason,
    by: Author,
    partition: Annotated[str, "Whose slots, such as 'user:42'; else the whole."] = "",
) -> Plain:
    """Release the slots of the bulkhead NAME that are held by workers which are gone."""
    return {"released": controller().operations.release(name, partition, author=by, reason=reason)}


@command(resilience, "degrade <feature> <level>", receipt_lines, expires_in="for")
def degrade(
    feature: str,
    level: Annotated[str, OneOf((*DegradationLevel, NO_LEVEL))],
    reason: Reason,
    by: Author,
    expires_in: HowLong = None,
) -> Plain:
    """Set the LEVEL of FEATURE ('*': all), which overrides other levels; 'clear' takes it back."""
    chosen = None if level == NO_LEVEL else level
    receipt = controller().degradation.set_level(
        feature, chosen, author=by, reason=reason, expires_in=expires_in
    )
    return changed(receipt)


def _rates(one: Guard) -> str:
    shown = [
        f"{word} {'unknown' if rate is None else f'{rate:.2f}/s'}"
        for word, rate in (
            ("passes", one["rates"]["passes"]),
            ("refuses", one["rates"]["rejections"]),
        )
    ]
    return ", ".join(shown)


def _details(one: Guard) -> list[str]:
    lines: list[str] = []
    breaker, limiter, bulkhead = one["breaker"], one["limiter"], one["bulkhead"]
    if breaker:
        rate = breaker["failure_rate"]
        failing = "too few calls" if rate is None else f"{rate:.1f} % failed"
        lines.append(f"{breaker['calls']} calls in the window, {failing}")
        if breaker["ends_in"]:
            lines.append(f"ends in {breaker['ends_in']:.0f} s")
        if breaker["forced"]:
            lines.append(f"by {breaker['forced']['author']}: {breaker['forced']['reason']}")
    if limiter:
        for quota in limiter["dimensions"]:
            lines.append(f"{quota['name']}: {quota['limit']} in {quota['window']:g} s")
        for use in limiter["top"]["keys"] if limiter["top"] else ():
            parts = {name: use[name] for name in WHO if use[name] is not None}
            who = ", ".join(f"{name} {part}" for name, part in parts.items())
            lines.append(f"{who or 'everyone'}: {use['rejected']} refused, {use['passed']} passed")
    if bulkhead:
        held = "unknown" if bulkhead["held"] is None else bulkhead["held"]
        waiting = "unknown" if bulkhead["waiting"] is None else bulkhead["waiting"]
        lines.append(f"{held} of {bulkhead['limit']} in flight, {waiting} waiting")
    return lines


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
