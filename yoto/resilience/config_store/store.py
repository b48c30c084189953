"""The configuration store: values of operators and tuners, by kind and name, live everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from yoto.audit import Audit
from yoto.errors import ValidationFailed
from yoto.redis import ServerClock
from yoto.rules import ABOVE_0, Number, Text, checked

from ..settings import Settings
from .document import PRECEDENCE, Action, Change, Document, Key, Origin
from .entry import Entry, Receipt, live_layers
from .journal import Journal
from .kinds import Kind, check_entry, check_name
from .local_copy import Listener, LocalCopy, Reader
from .recorder import Recorder
from .redis_copy import RedisCopy
from .snapshot import base_of
from .sync import Synchroniser

# s. A year; leave the expiry out for ever.
LONGEST_EXPIRY = 365 * 24 * 3600.0
# Characters; the columns of the record are as wide.
LONGEST_AUTHOR = 128
LONGEST_REASON = 500


def normalised(
    base: Settings, kept: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """``values`` over ``kept`` as plain data, in the form of the configuration class, and as it
    comes back from JSON: copies are compared with the record, where a tuple is a list.

    Raises:
        ValidationFailed: there are none, one is unknown, or a value is refused.
    """
    if not isinstance(values, Mapping) or not values:
        raise ValidationFailed({"values": "must name at least one field"})
    gone = [name for name in values if name in base.retired]
    if gone:
        raise ValidationFailed({name: "was removed: nothing reads it any more" for name in gone})
    without = {name: "is of a room that is off" for name in values if name in base.absent}
    if without:
        raise ValidationFailed(without)
    plain = base.with_values({**kept, **values}).to_mapping()
    plain |= {name: value for name, value in kept.items() if name in base.absent}
    merged = {field: plain[field] for field in (*kept, *values) if field in plain}
    try:
        stored: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(merged))
    except UnicodeEncodeError as error:
        raise ValidationFailed({"values": f"must be text that UTF-8 can hold: {error}"}) from None
    return stored


def check_layers(
    base: Settings, document: Document, origin: Origin, values: Mapping[str, Any]
) -> None:
    """Refuse a layer that would not fit with the others, or alone once they have expired.

    Raises:
        ValidationFailed: fields of one combination do not fit together, or are not this layer's.
    """
    if origin is not Origin.TUNER:
        foreign = [field for field in base.tuners_own if field in values]
        if foreign:
            raise ValidationFailed({field: "only the tuner may set it" for field in foreign})
    base.with_values(values)
    merged: dict[str, Any] = {}
    for layer in PRECEDENCE:
        change = document.layer(layer)
        merged.update(values if layer is origin else (change and change.values) or {})
    base.with_values(merged)


def check_expiry(seconds: float | None) -> float | None:
    """A lifetime that a layer may have.

    Raises:
        ValidationFailed: not a number of seconds above 0 and up to a year.
    """
    if seconds is None:
        return None
    says = f"seconds above 0 and at most {LONGEST_EXPIRY:.0f}"
    return float(checked("expires_in", seconds, Number(ABOVE_0, LONGEST_EXPIRY, says=says)))


def check_text(author: str, reason: str) -> None:
    """The author and the reason must fit into the record.

    Raises:
        ValidationFailed: no author, or a text that is too long.
    """
    checked("author", author, Text(LONGEST_AUTHOR, shortest=1), shown=False)
    checked("reason", reason, Text(LONGEST_REASON), shown=False)


S = TypeVar("S", bound=Settings)

DEFAULT_HISTORY = 50


class ConfigStore:
    """Reads are from this process's copy; writes go to the record first, then to Redis.

    Nothing is read before ``load``, which the controller calls at first use.
    """

    def __init__(
        self,
        copy: RedisCopy,
        journal: Journal | None = None,
        audit: Audit | None = None,
        clock: ServerClock | None = None,
        worker: str | None = None,
    ) -> None:
        """Without a ``journal`` Redis is the record, and ``audit`` is called before each change.

        With one, the journal itself audits, in the transaction of the change. ``worker`` is the id
        of this process, which may have to try values before all have them.
        """
        self.clock = clock or ServerClock()
        self.local = LocalCopy(self.clock, worker)
        self.sync = Synchroniser(copy, self.local, self.clock, journal)
        self._recorder = Recorder(copy, self.sync, self.local, self.clock, journal, audit)

    # Reading

    def define(self, kind: Kind, name: str, config: Settings) -> None:
        """Give an entry its code default; raises ``ConfigurationError`` if it has another."""
        self.local.define(check_entry(kind, name), config)

    def is_defined(self, kind: Kind, name: str) -> bool:
        """Whether the code defines an entry, which neither using nor storing one does."""
        return self.local.is_defined((kind, name))

    def reader(self, kind: Kind, name: str, cls: type[S]) -> Reader[S]:
        """A callable that gives the entry in force, as cheap as two look-ups."""
        return self.local.reader(check_entry(kind, name), cls)

    def get(self, kind: Kind, name: str) -> Entry:
        """The entry in force; code defaults at version 0 when nothing is stored."""
        self.local.expire()
        return self._entry((kind, check_name(name)))

    def list(self, kind: Kind | None = None) -> Sequence[Entry]:
        """Entries that are stored or used in this process, by kind and name."""
        self.local.expire()
        keys = sorted(self.local.snapshot.configs)
        return [self._entry(key) for key in keys if kind in (None, key[0])]

    def forced_fields(self, kind: Kind, name: str) -> frozenset[str]:
        """The fields that an operator sets now."""
        return self.local.snapshot.forced.get((kind, name), frozenset())

    def history(
        self,
        kind: Kind,
        name: str,
        limit: int = DEFAULT_HISTORY,
        before_version: int | None = None,
    ) -> Sequence[Change]:
        """The changes of an entry, newest first; raises ``StoreUnavailable``."""
        return self._recorder.history((kind, check_name(name)), limit, before_version)

    def on_change(self, listener: Listener) -> None:
        """Call ``listener((kind, name), config)`` after each change of configuration in force."""
        self.local.on_change(listener)

    # Writing

    def set(
        self,
        kind: Kind,
        name: str,
        values: Mapping[str, Any],
        *,
        author: str,
        version: int | None = None,
        reason: str = "",
        origin: Origin = Origin.OPERATOR,
        expires_in: float | None = None,
        merge: bool = True,
    ) -> Receipt:
        """Lay fields over an entry.

        Args:
            values: fields of the kind's configuration class.
            author, reason: the operator, and why.
            version: the version that the change was made from; None takes the present one.
            origin: the layer of the change.
            expires_in: seconds after which the layer ends; None for never.
            merge: keep the layer's other fields, else drop them.

        Raises:
            ValidationFailed: a field is unknown or its value is refused; nothing changed.
            VersionConflict: the entry was changed meanwhile.
            StoreUnavailable: the record (without one: Redis) cannot be reached; nothing changed.
        """
        key, lifetime = check_entry(kind, name), check_expiry(expires_in)

        def layer(document: Document) -> dict[str, Any]:
            base = base_of(key, self._defaults)
            kept = document.layer_values(origin, self.clock.now_ms()) if merge else {}
            merged = normalised(base, kept, values)
            check_layers(base, document, origin, merged)
            return merged

        return self._change(key, Action.SET, origin, layer, version, author, reason, lifetime)

    def candidate(self, kind: Kind, name: str, values: Mapping[str, Any]) -> Settings:
        """The entry in force if ``values`` were the operators' whole layer; nothing changes.

        Raises:
            ValidationFailed: as ``set``.
        """
        key = check_entry(kind, name)
        base = base_of(key, self._defaults)
        document = self.local.snapshot.documents.get(key, Document())
        tuned = document.layer_values(Origin.TUNER, self.clock.now_ms())
        if not values:
            return base.with_values(tuned)
        merged = normalised(base, {}, values)
        check_layers(base, document, Origin.OPERATOR, merged)
        return base.with_values({**tuned, **merged})

    def default(self, kind: Kind, name: str) -> Settings:
        """The code's default of an entry: its own, or the one of its kind."""
        return base_of((kind, check_name(name)), self._defaults)

    def delete(
        self,
        kind: Kind,
        name: str,
        *,
        author: str,
        version: int | None = None,
        reason: str = "",
        origin: Origin = Origin.OPERATOR,
    ) -> Receipt:
        """Remove a layer, so that the layer below is in force; raises as ``set``."""
        return self._change(
            (kind, name),
            Action.DELETE,
            origin,
            lambda document: None,
            version,
            author,
            reason,
            None,
        )

    def rollback(
        self,
        kind: Kind,
        name: str,
        to_version: int,
        *,
        author: str,
        version: int | None = None,
        reason: str = "",
        origin: Origin = Origin.OPERATOR,
        expires_in: float | None = None,
    ) -> Receipt:
        """Give a layer the fields that it had at ``to_version``, as a new version.

        Raises as ``set``; ``ValidationFailed`` also when that version is not kept, or its values
        are refused by now.
        """
        lifetime = check_expiry(expires_in)
        key = (kind, check_name(name))

        def layer(document: Document) -> dict[str, Any] | None:
            old = self._recorder.layer_at(key, document, to_version, origin)
            if old is not None:
                check_layers(base_of(key, self._defaults), document, origin, old)
            return old

        return self._change(key, Action.ROLLBACK, origin, layer, version, author, reason, lifetime)

    def _change(
        self,
        key: Key,
        action: Action,
        origin: Origin,
        layer: Callable[[Document], dict[str, Any] | None],
        version: int | None,
        author: str,
        reason: str,
        lifetime: float | None,
    ) -> Receipt:
        check_name(key[1])
        base_of(key, self._defaults)  # refuses a name that no entry of the kind can have
        check_text(author, reason)
        document = self._recorder.current(key, version)
        now = self.clock.now_ms()
        change = Change(
            kind=key[0],
            name=key[1],
            version=document.version + 1,
            origin=origin,
            action=action,
            values=layer(document),
            author=author,
            at=int(now),
            reason=reason,
            expires_at=0 if lifetime is None else int(now + lifetime * 1000),
        )
        live = self._recorder.record(document, change)
        return Receipt(self._entry(key), live)

    @property
    def _defaults(self) -> Mapping[Key, Settings]:
        return self.local.defaults

    def _entry(self, key: Key) -> Entry:
        snapshot = self.local.snapshot
        document = snapshot.documents.get(key, Document())
        now = self.clock.now_ms()
        return Entry(
            kind=key[0],
            name=key[1],
            version=document.version,
            config=snapshot.fleet.get(key)
            or snapshot.configs.get(key)
            or base_of(key, self._defaults),
            layers=tuple(live_layers(document, now)),
            ended=tuple(change for change in document.layers if not change.live(now)),
        )
