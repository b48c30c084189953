"""``flask resilience``: see and steer guards, their configuration and the global switches."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from flask.cli import AppGroup

from app.cli.options import Duration, as_json, echo_json, field_value, says_why
from app.core.errors import PlatformError, VersionConflict
from app.core.resilience import (
    REDIS_BREAKER,
    BreakerState,
    Entry,
    Kind,
    Receipt,
    ResilienceController,
    change_to_plain,
    get_resilience_controller,
)

resilience = AppGroup("resilience", help="See and steer guards, configuration and switches.")

KIND = click.Choice([kind.value for kind in Kind])
HISTORY_SHOWN = 20


@contextmanager
def _controlling() -> Iterator[ResilienceController]:
    """The controller for one command; errors of the platform become errors of the command."""
    controller = get_resilience_controller()
    try:
        yield controller
    except VersionConflict as error:
        raise click.ClickException(
            f"somebody else changed the entry: it is at version {error.current_version} by now "
            f"with {json.dumps(error.current)}"
        ) from None
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    finally:
        controller.close()


@resilience.command("list")
@click.argument("kind", type=KIND, required=False)
@as_json
def list_entries(kind: str | None, as_json: bool) -> None:
    """Show what is in force, of KIND or of all kinds: every field, and who set it if not the code.

    An entry is listed when the code defines it or when somebody set it.
    """
    with _controlling() as controller:
        entries = controller.config.list(None if kind is None else Kind(kind))
    if as_json:
        echo_json([entry.to_plain() for entry in entries])
        return
    for entry in entries:
        click.echo(f"{entry.kind:<16} {entry.name:<28} v{entry.version:<5} {_layers(entry)}")
        for line in textwrap.wrap(_fields(entry), initial_indent="  ", subsequent_indent="  "):
            click.echo(line)
    if not entries:
        click.echo("The code defines nothing here, and nothing is stored.")


@resilience.command("show")
@click.argument("kind", type=KIND)
@click.argument("name")
@as_json
def show(kind: str, name: str, as_json: bool) -> None:
    """Show an entry: what is in force, who set it, its history, and for a breaker its state."""
    if Kind(kind) is Kind.CIRCUIT_BREAKER and name == REDIS_BREAKER:
        # It has a state and nothing else.
        with _controlling() as controller:
            _echo_state(controller.get_circuit_breaker_state(name), as_json)
        return
    with _controlling() as controller:
        entry = controller.get_config(kind, name)
        history = controller.config.history(Kind(kind), name, HISTORY_SHOWN)
        state: BreakerState | None = None
        if Kind(kind) is Kind.CIRCUIT_BREAKER:
            state = controller.get_circuit_breaker_state(name)
    changes = [change_to_plain(change) for change in history]
    if as_json:
        shown = {**entry.to_plain(), "history": changes}
        echo_json(shown if state is None else {**shown, "state": asdict(state)})
        return
    click.echo(f"{entry.kind} {entry.name}, version {entry.version}: {_layers(entry)}")
    if state is not None:
        click.echo(f"state: {state.state} {f'({state.reason})' if state.reason else ''}".rstrip())
    for field, value in entry.config.to_mapping().items():
        click.echo(f"  {field} = {json.dumps(value)}")
    for change in changes:
        click.echo(
            f"  v{change['version']} {change['action']} by {change['author']} "
            f"({change['origin']}): {json.dumps(change['values'])} {change['reason']}".rstrip()
        )


@resilience.command("set")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")
@click.option("--version", type=int, help="Refuse if the entry is at another version by now.")
@click.option("--for", "expires_in", type=Duration(), help="How long, such as 15m; else for good.")
@says_why
@as_json
def set_fields(
    kind: str,
    name: str,
    fields: tuple[str, ...],
    version: int | None,
    expires_in: float | None,
    reason: str,
    actor: str,
    as_json: bool,
) -> None:
    """Set FIELDs of an entry over its defaults. A VALUE is JSON, or else text."""
    values = dict(field_value(text) for text in fields)
    with _controlling() as controller:
        receipt = controller.set_config(
            kind,
            name,
            values,
            version=version,
            author=actor,
            reason=reason,
            expires_in=expires_in,
        )
    _echo_receipt(receipt, as_json)


@resilience.command("delete")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.option("--version", type=int, help="Refuse if the entry is at another version by now.")
@says_why
@as_json
def delete(
    kind: str, name: str, version: int | None, reason: str, actor: str, as_json: bool
) -> None:
    """Take back what operators set on an entry."""
    with _controlling() as controller:
        receipt = controller.config.delete(
            Kind(kind), name, version=version, author=actor, reason=reason
        )
    _echo_receipt(receipt, as_json)


@resilience.command("rollback")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.argument("to_version", type=int)
@says_why
@as_json
def rollback(kind: str, name: str, to_version: int, reason: str, actor: str, as_json: bool) -> None:
    """Set an entry to what operators had set at TO_VERSION."""
    with _controlling() as controller:
        receipt = controller.config.rollback(
            Kind(kind), name, to_version, author=actor, reason=reason
        )
    _echo_receipt(receipt, as_json)


@resilience.command("isolate")
@click.argument("name")
@click.option("--for", "ttl", type=Duration(), default="1h", show_default=True, help="How long.")
@says_why
@as_json
def isolate(name: str, ttl: float, reason: str, actor: str, as_json: bool) -> None:
    """Force the circuit breaker NAME open: every call is refused, on the whole fleet."""
    with _controlling() as controller:
        state = controller.operations.isolate(name, author=actor, reason=reason, ttl=ttl)
    _echo_state(state, as_json)


@resilience.command("close")
@click.argument("name")
@click.option("--for", "ttl", type=Duration(), default="1h", show_default=True, help="How long.")
@says_why
@as_json
def close(name: str, ttl: float, reason: str, actor: str, as_json: bool) -> None:
    """Force the circuit breaker NAME closed: every call goes through and none is counted."""
    with _controlling() as controller:
        state = controller.operations.close(name, author=actor, reason=reason, ttl=ttl)
    _echo_state(state, as_json)


@resilience.command("reset")
@click.argument("name")
@says_why
@as_json
def reset(name: str, reason: str, actor: str, as_json: bool) -> None:
    """Close the circuit breaker NAME with nothing counted and nothing forced."""
    with _controlling() as controller:
        state = controller.operations.reset(name, author=actor, reason=reason)
    _echo_state(state, as_json)


@resilience.command("switch")
@click.argument("name")
@click.argument("position", type=click.Choice(["on", "off"]))
@click.option("--for", "expires_in", type=Duration(), help="How long, such as 15m; else for good.")
@says_why
@as_json
def switch(
    name: str, position: str, expires_in: float | None, reason: str, actor: str, as_json: bool
) -> None:
    """Turn the global switch NAME on or off, on the whole fleet."""
    with _controlling() as controller:
        receipt = controller.set_global_switch(
            name, position == "on", reason, author=actor, expires_in=expires_in
        )
    _echo_receipt(receipt, as_json)


def _fields(entry: Entry) -> str:
    origins = entry.origins
    return ", ".join(
        f"{field}={json.dumps(value)}"
        + ("" if origins[field] == "code" else f" ({origins[field]})")
        for field, value in entry.config.to_mapping().items()
    )


def _layers(entry: Entry) -> str:
    if not entry.layers:
        return "code defaults"
    return "; ".join(
        f"{change.origin} {json.dumps(change.values)}" + (" expiring" if change.expires_at else "")
        for change in entry.layers
    )


def _echo_receipt(receipt: Receipt, as_json: bool) -> None:
    entry = receipt.entry
    if as_json:
        echo_json({**entry.to_plain(), "live": receipt.live})
        return
    click.echo(f"{entry.kind} {entry.name} is at version {entry.version}: {_layers(entry)}")
    if not receipt.live:
        click.echo("Redis is away: the change is recorded and spreads from the record.", err=True)


def _echo_state(state: BreakerState, as_json: bool) -> None:
    if as_json:
        echo_json(asdict(state))
        return
    until = f" for {state.until:.0f} s" if state.until else ""
    why = f" ({state.reason})" if state.reason else ""
    click.echo(f"circuit breaker {state.name} is {state.state}{until}{why}")
    if state.degraded and state.name != REDIS_BREAKER:
        click.echo("Redis is away: this takes effect when it is back.", err=True)
