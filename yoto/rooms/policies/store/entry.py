"""Entries of the record: versions, whole sets, and the names and texts that they may have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from yoto.errors import ValidationFailed
from yoto.rooms.policies.bundle import NAME, NAME_RULE, Bundle
from yoto.rooms.policies.tables import PolicyKind, PolicyState

LONGEST_AUTHOR, LONGEST_COMMENT = 128, 500


def checked_name(name: object) -> str:
    """``name`` itself, if it can name a policy or a document that Rego reads as ``data.<name>``.

    Raises:
        ValidationFailed: it cannot.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValidationFailed({"name": f"must be {NAME_RULE}"})
    return name


def check_words(author: object, comment: object) -> None:
    """Raise ``ValidationFailed`` unless both are texts that fit into the record."""
    if not isinstance(author, str) or not 0 < len(author.strip()) <= len(author) <= LONGEST_AUTHOR:
        raise ValidationFailed({"author": f"must be a text of 1 to {LONGEST_AUTHOR} characters"})
    if not isinstance(comment, str) or len(comment) > LONGEST_COMMENT:
        raise ValidationFailed({"comment": f"must be a text of up to {LONGEST_COMMENT} characters"})


def document_text(value: Any) -> str:
    """A document as it is stored: JSON text that people can read.

    Raises:
        ValidationFailed: it is no JSON data.
    """
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationFailed({"document": f"is no JSON data: {error}"}) from None


def source_hash(source: str, tests: str = "") -> str:
    """SHA-256 of a version's texts, hexadecimal; the two cannot be confused with one another."""
    digest = hashlib.sha256()
    for text in (source, tests):
        raw = text.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


class Entry(NamedTuple):
    """Texts under a name: Rego with its tests, or a document as JSON."""

    kind: PolicyKind
    name: str
    source: str
    tests: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a policy or data document, without its texts.

    Attributes:
        at: when it was written, UTC.
    """

    kind: PolicyKind
    name: str
    version: int
    state: PolicyState
    author: str
    comment: Annotated[str, "Why, in their words"]
    at: datetime
    source_hash: Annotated[str, "SHA-256 of source and tests, hexadecimal"]
    sample: Annotated[
        float | None, "Of a candidate: the share of evaluations it runs beside, 0 to 1"
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTexts(Version):
    """One version with its texts.

    Attributes:
        source: Rego, or JSON text.
        tests: Rego tests; empty for a document.
    """

    source: str
    tests: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion(VersionTexts):
    """One version with the ``id`` of its row.

    Attributes:
        acknowledged: written, or looked at, since ``input.subject.id`` is the application's id.
    """

    id: int
    acknowledged: bool = True


class Promotion(NamedTuple):
    """A candidate was brought into force as ``version``, which made ``revision``."""

    revision: int
    kind: PolicyKind
    name: str
    version: int | None


@dataclass(frozen=True, slots=True)
class StoredSet:
    """Everything that is in force at one revision.

    Attributes:
        revision: 0 when nothing was ever written; it only grows.
        live: the version in force of each entry, by kind and name.
        candidate: the version that is evaluated beside them, if there is one.
        promotion: the newest promotion, whatever came after it.
        overruns: versions of whole sets with an evaluation that had to be ended.
        engine: the engine that admitted it, with its level; None: any may run it.
    """

    revision: int
    live: tuple[StoredVersion, ...]
    candidate: StoredVersion | None = None
    promotion: Promotion | None = None
    overruns: frozenset[str] = frozenset()
    engine: str | None = None

    def find(self, kind: PolicyKind, name: str) -> StoredVersion | None:
        """The live version of one entry."""
        return next((one for one in self.live if (one.kind, one.name) == (kind, name)), None)

    def bundle(self) -> Bundle:
        """The live versions together."""
        return _bundle(map(_entry, self.live))

    def bundle_with(
        self, entries: Iterable[Entry], removed: Collection[tuple[PolicyKind, str]] = ()
    ) -> Bundle:
        """The bundle with entries replaced or added, and others taken out by kind and name."""
        new = list(entries)
        gone = {(one.kind, one.name) for one in new} | set(removed)
        kept = [_entry(one) for one in self.live if (one.kind, one.name) not in gone]
        return _bundle([*kept, *new])

    def candidate_bundle(self) -> Bundle | None:
        """The live versions with the candidate in its place."""
        one = self.candidate
        return None if one is None else self.bundle_with([_entry(one)])


class EntryChange(NamedTuple):
    """A change of one entry.

    Attributes:
        action: ``"put"``, ``"rollback"``, ``"remove"``, ``"shadow"``, ``"promote"``, ``"drop"``,
            ``"default"``.
        state: the state of the new version; None when only the state of an existing one changes,
            as by ``"remove"``, ``"promote"`` and ``"drop"``.
        acknowledged: see ``StoredVersion``.
    """

    action: str
    entry: Entry
    state: PolicyState | None = PolicyState.LIVE
    sample: float | None = None
    acknowledged: bool = True


class Revisions(NamedTuple):
    """Changes to be written together, each as one revision after ``base``.

    Attributes:
        base: the revision that they were made from.
        bundle: version of the whole set after them.
        engine: see ``StoredSet``.
    """

    base: int
    changes: Sequence[EntryChange]
    author: str
    comment: str
    bundle: str
    engine: str | None


def _entry(stored: StoredVersion) -> Entry:
    return Entry(stored.kind, stored.name, stored.source, stored.tests)


def _bundle(entries: Iterable[Entry]) -> Bundle:
    modules: dict[str, str] = {}
    tests: dict[str, str] = {}
    data: dict[str, object] = {}
    for one in entries:
        if one.kind is PolicyKind.DATA:
            data[one.name] = json.loads(one.source)
        else:
            modules[one.name] = one.source
            if one.tests:
                tests[one.name] = one.tests
    return Bundle(modules=modules, tests=tests, data=data)
