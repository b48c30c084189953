"""The configuration in Redis: one hash in the slot of the event stream, written by scripts."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from yoto.events import ConfigChanged, ConfigRestored, Event, EventStream, SwitchChanged, encode
from yoto.redis import KeyBuilder, ScriptRegistry, load_script

from .document import (
    Change,
    Document,
    Key,
    decode_change,
    decode_document,
    encode_change,
    encode_document,
    field_of,
    key_of,
)
from .kinds import Kind

log = logging.getLogger(__name__)

# ms. Longer than any fleet is switched off; every poll of a living process renews it.
TTL_MS = 30 * 24 * 3600 * 1000
# Versions of an entry that Redis keeps when there is no record.
HISTORY_LENGTH = 50

_LUA = "yoto.resilience.config_store.lua"
_POLL = load_script(_LUA, "poll.lua")
_COMPARE_AND_SET = load_script(_LUA, "compare_and_set.lua")
_HISTORY = load_script(_LUA, "history.lua")
_BRING_UP = load_script(_LUA, "bring_up.lua")

REFUSED = -1


@dataclass(frozen=True, slots=True)
class Polled:
    """The reply to a poll.

    Attributes:
        server_ms: Redis time.
        revision: text that changes with every change; empty when Redis has no configuration.
        documents: all entries that can be read, or None when the revision is the known one.
        bad: entries whose stored form cannot be read.
    """

    server_ms: int
    revision: str
    documents: dict[Key, Document] | None
    bad: tuple[Key, ...] = ()


class RedisCopy:
    """Reads and writes the hash. Every method raises ``StoreUnavailable`` without Redis."""

    def __init__(self, scripts: ScriptRegistry, keys: KeyBuilder, stream: EventStream) -> None:
        self._scripts = scripts
        self._keys = keys
        self._stream = stream
        # One script writes both, so they share the stream's slot.
        self._hash = keys.event_stream("config")

    def poll(self, known_revision: str) -> Polled:
        """The stored documents, unless the revision is the known one; one command."""
        now, revision, flat = self._scripts.run(_POLL, [self._hash], [known_revision, TTL_MS])
        # Our revisions are ASCII; any other text counts as one that changes each time.
        text = revision.decode("latin-1")
        if text and text == known_revision:
            return Polled(now, text, None)
        documents: dict[Key, Document] = {}
        bad: list[Key] = []
        for field, stored in zip(flat[::2], flat[1::2], strict=True):
            name = field.decode(errors="replace")
            key = key_of(name)
            if key is None:
                continue  # the revision, or a kind that a newer process brought
            try:
                documents[key] = decode_document(stored)
            except (ValueError, msgspec.MsgspecError) as error:
                log.error("the configuration entry %s in Redis cannot be read: %s", name, error)
                bad.append(key)
        return Polled(now, text, documents, tuple(bad))

    def compare_and_set(self, document: Document, change: Change) -> Document | None:
        """Store ``document``, made by ``change``, if the stored version is the one before.

        Returns:
            None when it was stored, else the document that is there instead.
        """
        event = announcement(change)
        reply = self._scripts.run(
            _COMPARE_AND_SET,
            [self._hash, self._history_key(change.key), self._stream.key],
            [
                field_of(change.key),
                change.version - 1,
                encode_document(document),
                encode_change(change),
                TTL_MS,
                HISTORY_LENGTH,
                event.type,
                encode(event),
                *self._stream_args(),
            ],
        )
        if reply == 1:
            return None
        return decode_document(reply) if reply else Document()

    def bring_up(self, documents: Mapping[Key, Document], complete: bool) -> int:
        """Store each document that is newer than the stored one, and publish each such change.

        Args:
            documents: entries of the record.
            complete: whether these are all of the record. Only then may an empty Redis be filled.

        Returns:
            How many entries changed; ``REFUSED`` when Redis had lost the configuration and
            ``documents`` is not all of it.
        """
        lost = ConfigRestored(entries=len(documents))
        args: list[str | bytes | int] = [int(complete), TTL_MS, *self._stream_args()]
        args += [lost.type, encode(lost)]
        for key, document in documents.items():
            event = announcement(max(document.layers, key=lambda change: change.version))
            args += [field_of(key), encode_document(document), event.type, encode(event)]
        changed: int = self._scripts.run(_BRING_UP, [self._hash, self._stream.key], args)
        return changed

    def history(self, key: Key, limit: int, before_version: int | None) -> list[Change]:
        """The versions that Redis keeps of an entry, newest first."""
        stored: Iterable[bytes] = self._scripts.run(_HISTORY, [self._history_key(key)])
        changes = (decode_change(item) for item in stored)
        return [c for c in changes if before_version is None or c.version < before_version][:limit]

    def _history_key(self, key: Key) -> str:
        return self._keys.event_stream("config", key[0].value, key[1])

    def _stream_args(self) -> tuple[str, int, int]:
        return self._stream.source, self._stream.max_length, self._stream.ttl_ms


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
