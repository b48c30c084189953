"""One configuration entry as a value: its layers, their combined fields, and their expiry."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from .kinds import Kind

Key: TypeAlias = tuple[Kind, str]


class Origin(StrEnum):
    """The owner of a layer. An operator's fields win over the tuner's, those over code."""

    TUNER = "tuner"
    OPERATOR = "operator"


KINDS = frozenset(kind.value for kind in Kind)
# Lowest first: each is laid over the one before it.
PRECEDENCE = (Origin.TUNER, Origin.OPERATOR)


class Action(StrEnum):
    """The effect of a change on its layer."""

    SET = "set"
    DELETE = "delete"
    ROLLBACK = "rollback"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an entry: the content of a layer from then on.

    Attributes:
        kind, name: the entry.
        version: the entry's version that this change made; 1 is the first.
        origin: the layer.
        action: see ``Action``.
        values: the fields that the layer sets, as plain data; None after a delete.
        expires_at: Redis time in ms from which the layer no longer counts; 0 for never.
        author, reason: the author, and why.
        at: Redis time in ms.
    """

    kind: Kind
    name: str
    version: int
    origin: Origin
    action: Action
    values: dict[str, Any] | None
    author: str
    at: int
    reason: str = ""
    expires_at: int = 0

    @property
    def key(self) -> Key:
        return self.kind, self.name

    def live(self, now_ms: float) -> bool:
        """Whether the layer counts at that time."""
        return self.values is not None and not (self.expires_at and self.expires_at <= now_ms)

    @property
    def ended_at(self) -> int:
        """Redis time in ms at which the layer, which no longer counts, ended."""
        return self.at if self.values is None else self.expires_at


class Document(msgspec.Struct, frozen=True):
    """The newest change of each layer of an entry, and the entry's version.

    Version 0 is an entry that was never changed: code defaults alone.
    """

    version: int = 0
    layers: tuple[Change, ...] = ()

    def layer(self, origin: Origin) -> Change | None:
        return next((change for change in self.layers if change.origin is origin), None)

    def values(self, now_ms: float) -> dict[str, Any]:
        """The fields that the live layers set, in the order of precedence."""
        merged: dict[str, Any] = {}
        for origin in PRECEDENCE:
            merged.update(self.layer_values(origin, now_ms))
        return merged

    def layer_values(self, origin: Origin, now_ms: float) -> dict[str, Any]:
        """The fields that one layer sets; empty when it is not there, deleted or expired."""
        change = self.layer(origin)
        return dict(change.values or {}) if change is not None and change.live(now_ms) else {}

    def next_expiry(self, now_ms: float) -> int | None:
        """Redis time in ms at which a live layer ends; None when none does."""
        ends = [c.expires_at for c in self.layers if c.live(now_ms) and c.expires_at]
        return min(ends, default=None)

    def with_change(self, change: Change) -> Document:
        """The document after ``change``."""
        others = tuple(c for c in self.layers if c.origin is not change.origin)
        return Document(max(self.version, change.version), (*others, change))


def documents_of(changes: Iterable[Change]) -> dict[Key, Document]:
    """Changes in any order as documents; the newest change of each layer counts."""
    documents: dict[Key, Document] = {}
    for change in sorted(changes, key=lambda change: change.version):
        documents[change.key] = documents.get(change.key, Document()).with_change(change)
    return documents


def beyond(record: Document, copy: Document, made: Change | None = None) -> list[Change]:
    """The changes of a copy that the record of an entry lacks; empty when it lacks none.

    Every change is recorded before any copy has it. So a record that is neither restored from a
    backup nor new lacks nothing. Where both changed since, the later change wins, and has a
    version that neither of them has given yet.

    Args:
        made: the change of the record that was made just now, and is the later one.
    """
    missing = [c for c in copy.layers if not any(_same(c, one) for one in record.layers)]
    if copy.version < record.version or not missing:
        return []
    own = [c for c in record.layers if not any(_same(c, one) for one in copy.layers)]
    later = max(c.at for c in missing) < max((c.at for c in own), default=0)
    if later or made in own:
        return _renumbered(own, copy.version)
    if min(c.version for c in missing) > record.version:
        return sorted(missing, key=lambda change: change.version)
    return _renumbered(missing, copy.version)


def _same(one: Change, other: Change) -> bool:
    return (one.origin, one.version, one.action, one.values) == (
        other.origin,
        other.version,
        other.action,
        other.values,
    )


def _renumbered(changes: Iterable[Change], after: int) -> list[Change]:
    ordered = sorted(changes, key=lambda change: change.version)
    return [
        msgspec.structs.replace(change, version=version)
        for version, change in enumerate(ordered, after + 1)
    ]


def field_of(key: Key) -> str:
    """The field of the Redis hash in which an entry is stored."""
    return f"{key[0].value}:{key[1]}"


def key_of(field: str) -> Key | None:
    """The entry of a field; None for a field of a kind that this process does not know."""
    kind, _, name = field.partition(":")
    return (Kind(kind), name) if kind in KINDS and name else None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Document)


def encode_document(document: Document) -> bytes:
    """The stored form: the version in digits, a space, JSON. Scripts compare the digits."""
    return b"%d %s" % (document.version, _encoder.encode(document))


def decode_document(stored: bytes) -> Document:
    """The document of a stored form.

    Raises:
        ValueError: it is not one.
    """
    version, _, body = stored.partition(b" ")
    document = _decoder.decode(body)
    if document.version != int(version):
        raise ValueError(f"version {version!r} does not match the document's {document.version}")
    return document


def encode_change(change: Change) -> bytes:
    """A change as JSON, for the history that Redis keeps when there is no record."""
    return _encoder.encode(change)


def decode_change(stored: bytes) -> Change:
    """The change in such a text; raises ``msgspec.MsgspecError`` when it is none."""
    return msgspec.json.decode(stored, type=Change)
