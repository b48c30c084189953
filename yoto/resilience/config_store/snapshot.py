"""The local copy: every entry resolved to the object that is in force, replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from yoto.errors import ValidationFailed

from ..settings import Settings
from .declarations import code_default
from .document import Document, Key, Origin, key_of
from .kinds import Kind

BadValue: TypeAlias = Callable[[Key, ValidationFailed], None]
_EMPTY: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The configuration as this process knows it. Readers take one reference and no lock.

    Attributes:
        documents: entries as stored.
        configs: entries as in force, for each entry stored or asked for.
        forced: for each entry, the fields that an operator's live layer sets.
        fleet: for entries of which this process tries other values, the values of all others.
        next_expiry: Redis time in ms at which the next layer ends; None when none does.
    """

    documents: Mapping[Key, Document] = field(default_factory=lambda: _EMPTY)
    configs: Mapping[Key, Settings] = field(default_factory=lambda: _EMPTY)
    forced: Mapping[Key, frozenset[str]] = field(default_factory=lambda: _EMPTY)
    fleet: Mapping[Key, Settings] = field(default_factory=lambda: _EMPTY)
    next_expiry: int | None = None


def base_of(key: Key, defaults: Mapping[Key, Settings]) -> Settings:
    """The code default of an entry: its own, or the one of its kind."""
    return defaults.get(key) or code_default(key)


def build_snapshot(
    documents: Mapping[Key, Document],
    defaults: Mapping[Key, Settings],
    previous: Snapshot,
    now_ms: float,
    on_bad: BadValue,
    worker: str | None = None,
) -> Snapshot:
    """Resolve all entries at one time.

    Args:
        documents: entries as stored.
        defaults: code defaults; each of them is resolved even when nothing is stored for it.
        previous: the snapshot before, for the last good configuration of a bad entry.
        now_ms: Redis time.
        on_bad: called for each entry whose stored values are refused; the last good one stays.
            One whose name is refused is left out.
        worker: the id of this process, by which it finds the values that it alone must try.
    """
    configs: dict[Key, Settings] = {}
    forced: dict[Key, frozenset[str]] = {}
    for key in (*defaults, *(key for key in documents if key not in defaults)):
        document = documents.get(key)
        try:
            base = base_of(key, defaults)
        except ValidationFailed as error:  # no entry of the kind can have this name
            on_bad(key, error)
            continue
        if document is None:
            configs[key] = base
            continue
        try:
            configs[key] = base.with_values(document.values(now_ms))
        except ValidationFailed as error:
            on_bad(key, error)
            configs[key] = previous.configs.get(key, base)
            forced[key] = previous.forced.get(key, frozenset())
        else:
            forced[key] = frozenset(document.layer_values(Origin.OPERATOR, now_ms))
    fleet = _try_out(configs, documents, defaults, now_ms, on_bad, worker)
    ends = [e for d in documents.values() if (e := d.next_expiry(now_ms)) is not None]
    return Snapshot(documents, configs, forced, fleet, min(ends, default=None))


def _try_out(
    configs: dict[Key, Settings],
    documents: Mapping[Key, Document],
    defaults: Mapping[Key, Settings],
    now_ms: float,
    on_bad: BadValue,
    worker: str | None,
) -> dict[Key, Settings]:
    """Put the values that this process must try in the place of operators'; returns the latter."""
    fleet: dict[Key, Settings] = {}
    for key, document in documents.items():
        values = document.layer_values(Origin.OPERATOR, now_ms)
        target = key_of(key[1]) if key[0] is Kind.ROLLOUT else None
        if worker is None or values.get("worker") != worker or target is None:
            continue
        tuned = documents.get(target, Document()).layer_values(Origin.TUNER, now_ms)
        try:
            base = base_of(target, defaults)
            tried = base.with_values({**tuned, **(values.get("values") or {})})
        except ValidationFailed as error:
            on_bad(key, error)
            continue
        fleet[target] = configs.get(target, base)
        configs[target] = tried
    return fleet
