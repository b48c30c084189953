"""The event that tells a configuration change."""

from __future__ import annotations

from yoto.events import ConfigChanged, Event, SwitchChanged

from .document import Change
from .kinds import Kind


def announcement(change: Change) -> Event:
    """``SwitchChanged`` for a switch, ``ConfigChanged`` for all else."""
    if change.kind is Kind.SWITCH:
        return SwitchChanged(
            name=change.name,
            version=change.version,
            enabled=None if change.values is None else change.values.get("enabled"),
            origin=change.origin.value,
            action=change.action.value,
            author=change.author,
            reason=change.reason,
        )
    return ConfigChanged(
        kind=change.kind.value,
        name=change.name,
        version=change.version,
        origin=change.origin.value,
        action=change.action.value,
        author=change.author,
        reason=change.reason,
    )
