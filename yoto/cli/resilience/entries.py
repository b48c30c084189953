"""Entries of the live configuration: show, set, take back."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from yoto.cli.operations import command
from yoto.cli.resilience.group import (
    HowLong,
    Plain,
    Values,
    change_line,
    changed,
    controller,
    fields_of,
    layers_of,
    receipt_lines,
    resilience,
    state_lines,
    state_of,
)
from yoto.errors import ValidationFailed
from yoto.http.operation import Author, Reason, SeenVersion
from yoto.http.shapes import Between
from yoto.operate.config import READ_ONLY
from yoto.resilience import REDIS_BREAKER, BreakerState, Kind, change_to_plain

HISTORY_SHOWN = 20


def _entries(found: list[Plain], **given: Any) -> Iterator[str]:
    for entry in found:
        named = f"{entry['kind']:<16} {entry['name']:<28} v{entry['version']:<5}"
        yield f"{named} {layers_of(entry)}"
        yield from textwrap.wrap(fields_of(entry), initial_indent="  ", subsequent_indent="  ")
    if not found:
        yield "The code defines nothing here, and nothing is stored."


def _entry(found: Plain | BreakerState, **given: Any) -> Iterator[str]:
    if isinstance(found, BreakerState):
        yield from state_lines(found)
        return
    yield f"{found['kind']} {found['name']}, version {found['version']}: {layers_of(found)}"
    if "state" in found:
        yield f"state: {state_of(found['state'])}"
    for field, value in found["values"].items():
        yield f"  {field} = {json.dumps(value)}"
    yield from map(change_line, found["history"])


def _changes(found: list[Plain], **given: Any) -> Iterator[str]:
    yield from (change_line(change).lstrip() for change in found)
    if not found:
        yield "No changes yet."


def _settable(kind: str) -> Kind:
    """The kind, if its entries are set here; alert rules have acts of their own."""
    if Kind(kind) is Kind.ALERT_RULE:
        raise ValidationFailed({"kind": f"{kind} {READ_ONLY[Kind.ALERT_RULE]}"})
    return Kind(kind)


@command(resilience, "list <kind>", _entries)
def list_entries(kind: Kind | None = None) -> list[Plain]:
    """Show the active entries of KIND or of all kinds: every field, and its author if not the code.

    An entry is listed when the code defines it or an operator set it.
    """
    found = controller().config.list(None if kind is None else Kind(kind))
    return [entry.to_plain() for entry in found]


@command(resilience, "show <kind> <name>", _entry)
def show(kind: Kind, name: str) -> Plain | BreakerState:
    """Show an entry: active values, their authors, its history, and for a breaker its state."""
    current = controller()
    if Kind(kind) is not Kind.CIRCUIT_BREAKER:
        state = None
    else:
        state = current.get_circuit_breaker_state(name)
        if name == REDIS_BREAKER:
            # The breaker of Redis has a state, but no entry.
            return state
    shown = current.config.get(Kind(kind), name).to_plain()
    past = current.config.history(Kind(kind), name, HISTORY_SHOWN)
    shown["history"] = [change_to_plain(change) for change in past]
    return shown if state is None else {**shown, "state": state}


@command(resilience, "history <kind> <name>", _changes)
def history(
    kind: Kind,
    name: str,
    limit: Annotated[int, Between(1, 1000)] = HISTORY_SHOWN,
    before: Annotated[int | None, "Only versions below this one."] = None,
) -> list[Plain]:
    """Show the changes of an entry with their authors, newest first."""
    found = controller().config.history(Kind(kind), name, limit, before)
    return [change_to_plain(change) for change in found]


@command(resilience, "set <kind> <name> <fields>", receipt_lines, expires_in="for")
def set_fields(
    kind: Kind,
    name: str,
    fields: Values,
    version: SeenVersion,
    reason: Reason,
    by: Author,
    expires_in: HowLong = None,
    replace: Annotated[bool, "Take back every other field that operators set."] = False,
) -> Plain:
    """Set FIELDs of an entry over its defaults. A VALUE is JSON, or else text."""
    receipt = controller().config.set(
        _settable(kind),
        name,
        fields,
        version=version,
        author=by,
        reason=reason,
        expires_in=expires_in,
        merge=not replace,
    )
    return changed(receipt)


@command(resilience, "delete <kind> <name>", receipt_lines)
def delete(kind: Kind, name: str, version: SeenVersion, reason: Reason, by: Author) -> Plain:
    """Take back all values that operators set on an entry."""
    config = controller().config
    return changed(config.delete(_settable(kind), name, version=version, author=by, reason=reason))


@command(resilience, "rollback <kind> <name> <to_version>", receipt_lines)
def rollback(kind: Kind, name: str, to_version: int, reason: Reason, by: Author) -> Plain:
    """Set an entry to the values that operators had set at TO_VERSION."""
    config = controller().config
    return changed(config.rollback(_settable(kind), name, to_version, author=by, reason=reason))


@command(resilience, "switch <name> <position>", receipt_lines, expires_in="for")
def switch(
    name: str,
    position: Literal["on", "off"],
    reason: Reason,
    by: Author,
    expires_in: HowLong = None,
) -> Plain:
    """Turn the global switch NAME on or off, on the whole fleet."""
    receipt = controller().set_global_switch(
        name, position == "on", reason, author=by, expires_in=expires_in
    )
    return changed(receipt)


def _difference(found: Plain, **given: Any) -> Iterator[str]:
    for field, one in found.items():
        yield f"  {field}: {json.dumps(one['before'])} -> {json.dumps(one['after'])}"
    if not found:
        yield "No changes."


@command(resilience, "validate <kind> <name> <fields>", _difference)
def validate(kind: Kind, name: str, fields: Values) -> Plain:
    """Show the changes if FIELDs were the only values that operators set; change nothing."""
    current = controller()
    before = current.config.get(Kind(kind), name).config.to_mapping()
    after = current.config.candidate(Kind(kind), name, fields).to_mapping()
    return {
        field: {"before": before.get(field), "after": value}
        for field, value in after.items()
        if value != before.get(field)
    }
