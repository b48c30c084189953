"""Changes of the policies: examined first, written as one revision, published to all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from yoto.errors import PlatformError, ValidationFailed, VersionConflict
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.protocol import PolicyEngine
from yoto.rooms.policies.facts import PolicyChanged
from yoto.rooms.policies.service.examining import Examined, Examiner
from yoto.rooms.policies.service.loader import PolicyLoader, refuse_other_engine, refuse_overrun
from yoto.rooms.policies.service.naming import (
    KnowPermissions,
    PolicyWarning,
    warnings_of,
    without_rule,
)
from yoto.rooms.policies.service.results import PolicyReceipt
from yoto.rooms.policies.service.subject_ids import KnowKinds, refuse_other_kinds
from yoto.rooms.policies.store.entry import (
    Entry,
    EntryChange,
    Revisions,
    StoredSet,
    StoredVersion,
    check_words,
    checked_name,
)
from yoto.rooms.policies.store.reading import PolicyReader
from yoto.rooms.policies.store.writing import Overtaken, PolicyWriter
from yoto.rooms.policies.tables import PolicyKind, PolicyState
from yoto.rules import ABOVE_0, Number, checked

log = logging.getLogger(__name__)

# Changes of other entries that may come between reading and writing before we give up.
ATTEMPTS = 5


@dataclass(frozen=True)
class _Plan:
    """A change in the making.

    Attributes:
        tried: the bundle to compile and try; None: none.
        in_force: the bundle in force afterwards.
    """

    changes: Sequence[EntryChange]
    tried: Bundle | None
    in_force: Bundle


class Publisher:
    """Every way to change the policies of one application.

    A change is made from the revision that was read. If another entry was changed meanwhile, it is
    examined again together with that; if the same one was, it is a ``VersionConflict``.
    """

    def __init__(
        self,
        reader: PolicyReader,
        writer: PolicyWriter,
        examiner: Examiner,
        loader: PolicyLoader,
        publish_event: Callable[[PolicyChanged], object],
        permissions: KnowPermissions,
        kinds: KnowKinds,
        engine: PolicyEngine,
    ) -> None:
        """Nothing is written yet.

        ``publish_event`` publishes the event of a change; ``permissions`` gives those of the
        application, and ``kinds`` the kinds of its ids, None if unknown.
        """
        self._kinds = kinds
        self._engine = engine
        self._reader = reader
        self._writer = writer
        self._examiner = examiner
        self._loader = loader
        self._publish_event = publish_event
        self._permissions = permissions

    def record_engine(self, author: str) -> None:
        """Write the engine of this worker as that of the fleet, unless the record names one.

        A change of its level is left to the next change of a policy: while a release is replaced,
        workers of the release before go on.

        Raises:
            PolicyError: the fleet has another engine; ``POLICY_PORTABLE`` is the way to change it.
            VersionConflict: others changed policies all the time.
        """
        own = self._engine.record
        for _ in range(ATTEMPTS):
            stored = self._reader.read()
            refuse_other_engine(stored, self._engine)
            if (stored.engine is None) == (own is None):
                return
            try:
                return self._writer.write_engine(stored, own, author)
            except Overtaken:
                continue
        raise VersionConflict(stored.revision, {"revision": stored.revision})

    def put(
        self,
        entries: Sequence[Entry],
        author: str,
        comment: str = "",
        version: int | None = None,
        action: str = "put",
        removed: Sequence[tuple[PolicyKind, str]] = (),
        acknowledged: bool = True,
    ) -> Sequence[PolicyReceipt]:
        """Bring entries into force and take others out of it, all together or not at all.

        Args:
            version: the live version that an only entry was made from; None: the present one.
            action: its name in the record.
            removed: kind and name of entries in force.
            acknowledged: see ``StoredVersion``.
        """
        for entry in entries:
            checked_name(entry.name)

        def plan(stored: StoredSet) -> _Plan:
            for kind, name in removed:
                if stored.find(kind, name) is None:
                    raise ValidationFailed({"name": f"no '{name}' is in force"})
            changes = [EntryChange(action, one, acknowledged=acknowledged) for one in entries]
            changes += [EntryChange("remove", Entry(*gone, ""), None) for gone in removed]
            bundle = stored.bundle_with(entries, removed)
            return _Plan(changes, bundle, bundle)

        changed = [(entry.kind, entry.name) for entry in entries] + list(removed)
        return self._change(changed, author, comment, version, plan)

    def rollback(
        self,
        kind: PolicyKind,
        name: str,
        to_version: int,
        author: str,
        comment: str = "",
        version: int | None = None,
    ) -> PolicyReceipt:
        """Bring the source of an old version into force, as a new one."""
        old = self._reader.version(kind, checked_name(name), to_version)
        if old is None:
            raise ValidationFailed({"version": f"there is no version {to_version} of '{name}'"})
        entry = Entry(kind, name, old.source, old.tests)
        comment = comment or f"as version {to_version}"
        (receipt,) = self.put(
            [entry], author, comment, version, "rollback", acknowledged=old.acknowledged
        )
        return receipt

    def start_shadow(
        self, entry: Entry, sample: float, author: str, comment: str = ""
    ) -> PolicyReceipt:
        """Store a candidate, which every process evaluates beside the set in force."""
        checked_name(entry.name)
        says = "a share, above 0 and at most 1"
        checked("sample", sample, Number(ABOVE_0, 1, says=says), shown=False)

        def plan(stored: StoredSet) -> _Plan:
            if stored.candidate is not None:
                running = f"'{stored.candidate.name}' version {stored.candidate.version}"
                raise ValidationFailed({"name": f"{running} is the candidate; end that first"})
            change = EntryChange("shadow", entry, PolicyState.CANDIDATE, float(sample))
            return _Plan([change], stored.bundle_with([entry]), stored.bundle())

        (receipt,) = self._change([(entry.kind, entry.name)], author, comment, None, plan)
        return receipt

    def end_shadow(
        self, action: Literal["promote", "drop"], author: str, comment: str, seen: int | None
    ) -> PolicyReceipt:
        """Bring the candidate into force, or end it; ``seen``: the version that it must be."""
        candidate = self._reader.read().candidate
        if candidate is None:
            raise ValidationFailed({"candidate": "there is none"})
        if seen is not None and candidate.version != seen:
            raise ValidationFailed({"candidate": f"is version {candidate.version} by now"})
        kind, name = candidate.kind, candidate.name
        change = EntryChange(action, Entry(kind, name, candidate.source, candidate.tests), None)

        def plan(stored: StoredSet) -> _Plan:
            bundle = stored.candidate_bundle()
            if bundle is None or stored.candidate is None or stored.candidate.id != candidate.id:
                raise ValidationFailed({"candidate": "somebody else has just ended it"})
            if action == "drop":
                return _Plan([change], None, stored.bundle())
            return _Plan([change], bundle, bundle)

        (receipt,) = self._change([(kind, name)], author, comment, None, plan)
        return receipt

    def _change(
        self,
        changed: Sequence[tuple[PolicyKind, str]],
        author: str,
        comment: str,
        version: int | None,
        plan: Callable[[StoredSet], _Plan],
    ) -> list[PolicyReceipt]:
        check_words(author, comment)
        stored = self._reader.read()
        made_from = {key: _number(stored.find(*key)) for key in changed}
        if version is not None:
            made_from = dict.fromkeys(changed, version)
        for _ in range(ATTEMPTS):
            refuse_other_engine(stored, self._engine)
            for key, number in made_from.items():
                _refuse_conflict(stored.find(*key), number)
            planned = plan(stored)
            for change in planned.changes:
                # Policies that come with the code are written for ids of any kind.
                if change.action != "default":
                    self.refuse_other_ids(change.entry)
            examined = Examined()
            if planned.tried is not None:
                refuse_overrun(changed[0][1], planned.tried, stored)
                examined = self._examiner.examine(changed[0][1], planned.tried)
            revisions = Revisions(
                base=stored.revision,
                changes=[
                    one._replace(acknowledged=_acknowledged(one, stored)) for one in planned.changes
                ],
                author=author,
                comment=comment,
                bundle=planned.in_force.version,
                engine=self._engine.record,
            )
            try:
                versions = self._writer.write(revisions)
            except Overtaken:
                examined.close()
                stored = self._reader.read()
                continue
            except BaseException:
                examined.close()
                raise
            return self._made(revisions, versions, examined, planned)
        raise VersionConflict(stored.revision, {"revision": stored.revision})

    def _made(
        self, revisions: Revisions, versions: Sequence[int], examined: Examined, planned: _Plan
    ) -> list[PolicyReceipt]:
        # The author of the change sees it from here on; others are notified.
        self._loader.load(ready_made=examined.compiled)
        numbered = [
            (change.entry, change.action, version, number)
            for number, (change, version) in enumerate(
                zip(revisions.changes, versions, strict=True), revisions.base + 1
            )
        ]
        for entry, action, version, number in numbered:
            self._publish_event(
                PolicyChanged(
                    kind=entry.kind,
                    name=entry.name,
                    version=version,
                    action=action,
                    revision=number,
                    bundle=revisions.bundle,
                    author=revisions.author,
                )
            )
        return [
            PolicyReceipt(
                kind=entry.kind,
                name=entry.name,
                version=version,
                revision=number,
                bundle=revisions.bundle,
                tests_passed=examined.tests_passed,
                comparison=examined.comparison,
                warnings=warned,
            )
            for (entry, _, version, number), warned in zip(
                numbered, self._warnings(planned), strict=True
            )
        ]

    def refuse_other_ids(self, entry: Entry) -> None:
        """Refuse a policy that compares ``input.subject.id`` with a value that no id has.

        Raises:
            PolicyError: it does.
        """
        kinds = self._kinds() if entry.kind is PolicyKind.REGO else None
        if kinds is not None and entry.source:
            refuse_other_kinds(entry.name, entry.source, kinds)

    def _warnings(self, planned: _Plan) -> list[tuple[PolicyWarning, ...]]:
        """Names without effect in each change; the last also gets those that the set leaves out."""
        found: list[tuple[PolicyWarning, ...]] = [() for _ in planned.changes]
        if planned.tried is None or any(one.action == "default" for one in planned.changes):
            # Policies that come with the code are written for many applications.
            return found
        try:
            permissions = self._permissions()
        except PlatformError as error:
            log.warning("nobody looked whether policies name permissions in vain: %s", error)
            return found
        if permissions is None or not permissions.known:
            return found
        for number, change in enumerate(planned.changes):
            if change.action != "remove":
                found[number] = tuple(warnings_of(change.entry, permissions))
        tried = planned.tried
        found[-1] += tuple(without_rule(tried.modules, tried.data, permissions))
        return found


def _number(stored: StoredVersion | None) -> int:
    """The number of a live version; 0 when nothing is live."""
    return 0 if stored is None else stored.version


def _acknowledged(change: EntryChange, stored: StoredSet) -> bool:
    """Whether a new version needs no review: the one before needed none, or it is the code's."""
    live = stored.find(change.entry.kind, change.entry.name)
    apart = change.action in ("default", "rollback")
    replaced = apart or live is None or live.acknowledged
    return change.acknowledged and replaced


def _refuse_conflict(live: StoredVersion | None, made_from: int) -> None:
    if _number(live) != made_from:
        current = {} if live is None else {"source": live.source, "author": live.author}
        raise VersionConflict(_number(live), current)
