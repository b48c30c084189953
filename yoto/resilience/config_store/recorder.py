"""Writes a change to the source of truth, then to the copies.

With a record: the record decides between two writers by its unique version, and its content is
in force. A crash before it leaves nothing changed; a crash after it leaves a change that any
process brings into Redis at its next look at the record. Redis decides nothing then, so a change
works while Redis is unavailable. Without a record Redis decides, by compare-and-set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yoto.audit import Audit, AuditEntry
from yoto.errors import ValidationFailed, VersionConflict
from yoto.redis import ServerClock

from .document import Action, Change, Document, Key, Origin, documents_of
from .journal import Journal
from .kinds import Kind
from .local_copy import LocalCopy
from .redis_copy import RedisCopy
from .sync import Synchroniser

# More than any sane distance of a rollback; each version is small.
LONGEST_HISTORY = 10_000


class Recorder:
    """The write side of the store."""

    def __init__(
        self,
        copy: RedisCopy,
        sync: Synchroniser,
        local: LocalCopy,
        clock: ServerClock,
        journal: Journal | None,
        audit: Audit | None,
    ) -> None:
        self._copy = copy
        self._sync = sync
        self._local = local
        self._clock = clock
        self._journal = journal
        self._audit = audit

    def current(self, key: Key, version: int | None) -> Document:
        """The entry as the source of truth has it now.

        Raises:
            VersionConflict: its version is not ``version``.
            StoreUnavailable: the truth cannot be reached.
        """
        if self._journal is not None:
            found = documents_of(self._journal.newest(*key))
            document = self._sync.catch_up(found, self._local.snapshot.documents, [key])[key]
        else:
            self._sync.read_redis()
            document = self._local.snapshot.documents.get(key, Document())
        if version is not None and version != document.version:
            raise self._conflict(document)
        return document

    def record(self, before: Document, change: Change) -> bool:
        """Write a change that was made from ``before``; returns whether Redis has it.

        Raises:
            VersionConflict: another writer was faster.
            StoreUnavailable: nothing was written.
        """
        after = before.with_change(change)
        old = self._replaced(change, before.layer_values(change.origin, self._clock.now_ms()))
        if self._journal is not None:
            self._journal.append(change, old)
            self._local.merge({change.key: after})
            return self._sync.push(change.key, before, after)
        if self._audit is not None:
            self._audit(audit_of(change, old))
        present = self._copy.compare_and_set(after, change)
        if present is not None:
            raise self._conflict(present)
        self._local.merge({change.key: after})
        return True

    def history(self, key: Key, limit: int, before_version: int | None) -> list[Change]:
        """The changes of an entry, newest first."""
        if self._journal is not None:
            return list(self._journal.history(*key, limit, before_version))
        return self._copy.history(key, limit, before_version)

    def layer_at(
        self, key: Key, document: Document, version: int, origin: Origin
    ) -> dict[str, Any] | None:
        """The fields of a layer as they were at a version; None if it had none.

        Raises:
            ValidationFailed: that version is not there, or no longer kept.
        """
        if isinstance(version, bool) or not isinstance(version, int):
            raise ValidationFailed({"to_version": f"must be a whole number, not {version!r}"})
        if not 0 <= version <= document.version:
            raise ValidationFailed(
                {"to_version": f"must be from 0 to {document.version}, not {version}"}
            )
        if version == 0:
            return None
        changes = self.history(key, LONGEST_HISTORY, version + 1)
        if not changes or changes[0].version != version:
            raise ValidationFailed({"to_version": f"version {version} is no longer kept"})
        change = next((change for change in changes if change.origin is origin), None)
        if change is None and changes[-1].version != 1:
            raise ValidationFailed({"to_version": f"version {version} is no longer kept whole"})
        return None if change is None or change.values is None else dict(change.values)

    def _replaced(self, change: Change, old: dict[str, Any]) -> dict[str, Any]:
        """The replaced values: the layer as it was, and for fields that the change sets for the
        first time the values in force before, so that the first change also reads as 120 -> 30."""
        snapshot = self._local.snapshot
        config = snapshot.fleet.get(change.key) or snapshot.configs.get(change.key)
        if config is None or change.kind is Kind.ALERT_RULE or change.values is None:
            return old
        in_force = config.to_mapping()
        return {**{name: in_force[name] for name in change.values if name in in_force}, **old}

    def _conflict(self, document: Document) -> VersionConflict:
        return VersionConflict(document.version, document.values(self._clock.now_ms()))


def audit_of(change: Change, before: dict[str, Any]) -> AuditEntry:
    """A change as the audit log records it."""
    return AuditEntry(
        action=_action_of(change, before),
        subject=f"{change.kind.value}:{change.name}",
        by=change.author,
        reason=change.reason,
        before=before or None,
        after=change.values,
    )


def _action_of(change: Change, before: Mapping[str, Any]) -> str:
    if change.kind is not Kind.ALERT_RULE:
        return f"resilience.config.{change.action.value}"
    if change.action is Action.SET:
        # For a rule of operators, all its values are new.
        return (
            "alert.rule.add"
            if "metric" in (change.values or {}) and not before
            else "alert.rule.set"
        )
    if change.action is Action.DELETE:
        return "alert.rule.remove" if "metric" in before else "alert.rule.reset"
    return f"alert.rule.{change.action.value}"
