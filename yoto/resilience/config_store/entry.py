"""An entry and a change as they are shown to operators and programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..settings import Settings
from .document import PRECEDENCE, Change, Document
from .kinds import Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry in force.

    Attributes:
        kind, name: its key.
        version: version of the stored entry; 0 when nothing was ever stored. A change needs it.
        config: the configuration for guards.
        layers: the live layers over the code default, lowest first.
        ended: layers that were removed or have expired.
    """

    kind: Kind
    name: str
    version: int
    config: Settings
    layers: tuple[Change, ...]
    ended: tuple[Change, ...] = ()

    @property
    def origins(self) -> dict[str, str]:
        """The origin of each field in force: ``operator``, ``tuner`` or ``code``."""
        fields = dict.fromkeys(self.config.to_mapping(), "code")
        for change in self.layers:
            fields.update(dict.fromkeys(change.values or (), change.origin.value))
        return fields

    def to_plain(self) -> dict[str, Any]:
        """JSON-ready data."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "version": self.version,
            "values": self.config.to_mapping(),
            "origins": self.origins,
            "layers": {change.origin.value: change_to_plain(change) for change in self.layers},
        }


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of a change.

    Attributes:
        entry: the entry after it.
        live: whether Redis has it. If not it is recorded, in force in this process, and will be
            in the others as soon as they see the record.
    """

    entry: Entry
    live: bool


def live_layers(document: Document, now_ms: float) -> Iterable[Change]:
    """The layers that count at that time, lowest first."""
    for origin in PRECEDENCE:
        change = document.layer(origin)
        if change is not None and change.live(now_ms):
            yield change


def change_to_plain(change: Change) -> dict[str, Any]:
    """A change as JSON-ready data; times in ms of Redis time."""
    return {
        "version": change.version,
        "origin": change.origin.value,
        "action": change.action.value,
        "values": change.values,
        "expires_at": change.expires_at or None,
        "author": change.author,
        "reason": change.reason,
        "at": change.at,
    }
