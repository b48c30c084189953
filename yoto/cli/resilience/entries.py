"""Entries of the live configuration: shown, set, taken back."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict

import click

from yoto.cli.options import Duration, as_json, echo_json, field_value, says_why
from yoto.cli.resilience.group import KIND, controlling, resilience
from yoto.cli.resilience.output import (
    change_line,
    echo_receipt,
    echo_state,
    fields_of,
    layers_of,
    state_of,
)
from yoto.resilience import REDIS_BREAKER, BreakerState, Kind, change_to_plain

HISTORY_SHOWN = 20


@resilience.command("list")
@click.argument("kind", type=KIND, required=False)
@as_json
def list_entries(kind: str | None, as_json: bool) -> None:
    """Show what is in force, of KIND or of all kinds: every field, and who set it if not the code.

    An entry is listed when the code defines it or when somebody set it.
    """
    with controlling() as controller:
        entries = controller.config.list(None if kind is None else Kind(kind))
    if as_json:
        echo_json([entry.to_plain() for entry in entries])
        return
    for entry in entries:
        click.echo(f"{entry.kind:<16} {entry.name:<28} v{entry.version:<5} {layers_of(entry)}")
        for line in textwrap.wrap(fields_of(entry), initial_indent="  ", subsequent_indent="  "):
            click.echo(line)
    if not entries:
        click.echo("The code defines nothing here, and nothing is stored.")


@resilience.command("show")
@click.argument("kind", type=KIND)
@click.argument("name")
@as_json
def show(kind: str, name: str, as_json: bool) -> None:
    """Show an entry: its active values, who set them, its history, and for a breaker its state."""
    if Kind(kind) is Kind.CIRCUIT_BREAKER and name == REDIS_BREAKER:
        # It has a state and nothing else.
        with controlling() as controller:
            echo_state(controller.get_circuit_breaker_state(name), as_json)
        return
    with controlling() as controller:
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
    click.echo(f"{entry.kind} {entry.name}, version {entry.version}: {layers_of(entry)}")
    if state is not None:
        click.echo(f"state: {state_of(state)}")
    for field, value in entry.config.to_mapping().items():
        click.echo(f"  {field} = {json.dumps(value)}")
    for change in changes:
        click.echo(change_line(change))


@resilience.command("history")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 1000), default=HISTORY_SHOWN, show_default=True)
@click.option("--before", type=int, help="Only versions below this one.")
@as_json
def history(kind: str, name: str, limit: int, before: int | None, as_json: bool) -> None:
    """Show who set what on an entry, newest first."""
    with controlling() as controller:
        found = controller.config.history(Kind(kind), name, limit, before)
    changes = [change_to_plain(change) for change in found]
    if as_json:
        echo_json(changes)
        return
    for change in changes:
        click.echo(change_line(change).lstrip())
    if not changes:
        click.echo("No changes yet.")


@resilience.command("set")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")
@click.option("--version", type=int, help="Refuse if the entry is at another version by now.")
@click.option("--for", "expires_in", type=Duration(), help="How long, such as 15m; else for good.")
@click.option("--replace", is_flag=True, help="Take back every other field that operators set.")
@says_why
@as_json
def set_fields(
    kind: str,
    name: str,
    fields: tuple[str, ...],
    version: int | None,
    expires_in: float | None,
    replace: bool,
    reason: str,
    actor: str,
    as_json: bool,
) -> None:
    """Set FIELDs of an entry over its defaults. A VALUE is JSON, or else text."""
    values = dict(field_value(text) for text in fields)
    with controlling() as controller:
        receipt = controller.config.set(
            Kind(kind),
            name,
            values,
            version=version,
            author=actor,
            reason=reason,
            expires_in=expires_in,
            merge=not replace,
        )
    echo_receipt(receipt, as_json)


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
    with controlling() as controller:
        receipt = controller.config.delete(
            Kind(kind), name, version=version, author=actor, reason=reason
        )
    echo_receipt(receipt, as_json)


@resilience.command("rollback")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.argument("to_version", type=int)
@says_why
@as_json
def rollback(kind: str, name: str, to_version: int, reason: str, actor: str, as_json: bool) -> None:
    """Set an entry to what operators had set at TO_VERSION."""
    with controlling() as controller:
        receipt = controller.config.rollback(
            Kind(kind), name, to_version, author=actor, reason=reason
        )
    echo_receipt(receipt, as_json)


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
    with controlling() as controller:
        receipt = controller.set_global_switch(
            name, position == "on", reason, author=actor, expires_in=expires_in
        )
    echo_receipt(receipt, as_json)
