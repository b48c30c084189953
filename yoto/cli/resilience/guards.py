"""All guards as they are, and what is done to limits, bulkheads and degraded features."""

from __future__ import annotations

from typing import Literal

import click

from yoto.cli.options import Duration, as_json, echo_json, says_why
from yoto.cli.resilience.group import GUARD_KIND, controlling, resilience
from yoto.cli.resilience.output import echo_receipt
from yoto.operate.guard_state import GUARDED, Guard, every_guard
from yoto.resilience import DegradationLevel, Kind, MultiDimensionalKey, network_of

NO_LEVEL = "clear"
Who = Literal["user", "server", "address", "text"]
WHO: tuple[Who, ...] = ("user", "server", "address", "text")


@resilience.command("guards")
@click.argument("kind", type=GUARD_KIND, required=False)
@click.option("--name", help="Only those with this text in their names.")
@as_json
def guards(kind: str | None, name: str | None, as_json: bool) -> None:
    """Show every guard: its state, how much passes, what it refuses, whom it refuses most."""
    kinds = GUARDED if kind is None else (Kind(kind),)
    with controlling() as controller:
        found = list(every_guard(controller, kinds, name))
    if as_json:
        echo_json(found)
        return
    for one in found:
        alone = " (this process alone: Redis is unavailable)" if one["scope"] == "worker" else ""
        click.echo(f"{one['kind']:<16} {one['name']:<24} {one['state']:<12} {_rates(one)}{alone}")
        for line in _details(one):
            click.echo(f"  {line}")


@resilience.command("reset-key")
@click.argument("name")
@click.option("--user", help="The user of whom use is forgotten.")
@click.option("--server", help="The server.")
@click.option("--address", help="The address; of IPv6 its network.")
@click.option("--text", help="A key that the code gave.")
@click.option("--everyone", is_flag=True, help="What the dimension 'global' counted.")
@click.option("--all", "all_callers", is_flag=True, help="What every caller used.")
@says_why
@as_json
def reset_key(
    name: str,
    user: str | None,
    server: str | None,
    address: str | None,
    text: str | None,
    everyone: bool,
    all_callers: bool,
    reason: str,
    actor: str,
    as_json: bool,
) -> None:
    """Forget what a caller used of the rate limit NAME.

    A dimension is reset when all of its parts are given.
    """
    parts = (user, server, address)
    if [any(parts), text is not None, everyone, all_callers].count(True) != 1:
        raise click.ClickException("give parts of a caller, or --text, --everyone or --all")
    key: MultiDimensionalKey | str | None = None if everyone else text
    if any(parts):
        key = MultiDimensionalKey(user, server, network_of(address))
    with controlling() as controller:
        if all_callers:
            done, complete = controller.acts.reset_all(name, author=actor, reason=reason)
        else:
            done, complete = controller.acts.reset_key(name, key, author=actor, reason=reason), True
    if as_json:
        echo_json({"dimensions": done} | ({"complete": complete} if all_callers else {}))
        return
    if not complete:
        click.echo("Some are left: run it again.", err=True)
    click.echo(f"rate limit {name}: nothing used of {', '.join(done)}")


@resilience.command("release")
@click.argument("name")
@click.option("--partition", default="", help="Whose slots, such as 'user:42'; else the whole.")
@says_why
@as_json
def release(name: str, partition: str, reason: str, actor: str, as_json: bool) -> None:
    """Give back the slots of the bulkhead NAME that workers hold which are gone."""
    with controlling() as controller:
        released = controller.acts.release(name, partition, author=actor, reason=reason)
    if as_json:
        echo_json({"released": released})
        return
    click.echo(f"bulkhead {name}: {released} slots came back")


@resilience.command("degrade")
@click.argument("feature")
@click.argument("level", type=click.Choice([*(one.value for one in DegradationLevel), NO_LEVEL]))
@click.option("--for", "expires_in", type=Duration(), help="How long, such as 15m; else for good.")
@says_why
@as_json
def degrade(
    feature: str, level: str, expires_in: float | None, reason: str, actor: str, as_json: bool
) -> None:
    """Set the LEVEL of FEATURE ('*': of all), which wins over all others; 'clear' takes it back."""
    with controlling() as controller:
        receipt = controller.set_degradation_level(
            feature,
            None if level == NO_LEVEL else level,
            author=actor,
            reason=reason,
            expires_in=expires_in,
        )
    echo_receipt(receipt, as_json)


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
