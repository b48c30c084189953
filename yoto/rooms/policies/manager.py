"""The Flask extension: the policies of each application."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection

from yoto.cache import HybridPermissionCache
from yoto.errors import PolicyError, ValidationFailed
from yoto.events import Events
from yoto.extension import Extension
from yoto.redis import RedisStore
from yoto.rooms.policies.decision_cache import Validity
from yoto.rooms.policies.engine.protocol import EngineHealth, PolicyEngine, TestReport, fault_of
from yoto.rooms.policies.folder import DEFAULT_AUTHOR, Upgrade, read_folder, upgrade_of
from yoto.rooms.policies.recent import Mask
from yoto.rooms.policies.result import PolicyDecision
from yoto.rooms.policies.service.costs import PolicyCosts
from yoto.rooms.policies.service.naming import JudgedPermission, judged_permissions
from yoto.rooms.policies.service.process import PolicyService
from yoto.rooms.policies.service.results import PolicyDryRun, PolicyReceipt
from yoto.rooms.policies.service.status import ManagerMetrics, PolicyStatus, metrics_of, status_of
from yoto.rooms.policies.settings import PolicySettings
from yoto.rooms.policies.shadow import ShadowReport, report_of
from yoto.rooms.policies.store.entry import (
    Entry,
    StoredVersion,
    check_words,
    checked_name,
    document_text,
)
from yoto.rooms.policies.store.reading import ENGINE_OF_FLEET
from yoto.rooms.policies.tables import PolicyKind, PolicyState
from yoto.settings import settings_of

DEFAULT_POLICIES = "yoto.policies"
VERSIONS_SHOWN = 50
DEFAULT_SAMPLE = 1.0


class PolicyManager(Extension[PolicyService]):
    """``policy = PolicyManager()``.

    Every name is 1 to 48 of ``a-z``, ``0-9`` and ``_``. ``author`` is
    ``"user:42"`` for an account, else any text. Calls that change something are audited; they raise

    - ``ValidationFailed``: a field is refused;
    - ``VersionConflict``: the entry has another version than ``version`` by now, or was changed
      while the change was examined;
    - ``PolicyError``: a source does not compile, a test fails, or an evaluation takes too much;
    - ``PolicyUnavailable``, ``StoreUnavailable``: the engine or the database did not answer;

    and then nothing was changed.
    """

    key = "yoto.policy"

    def init_app(self, app: Flask, engine: PolicyEngine, mask: Mask) -> None:
        """Set up the policies; nothing connects and no thread starts before the first use.

        Args:
            engine: runs the policies.
            mask: gives a copy of an input without secrets, as decision records are masked.

        Raises:
            RuntimeError: an extension that is needed was not initialised.
        """
        service = PolicyService(
            app,
            PolicySettings.from_config(settings_of(app)),
            engine,
            RedisStore.of(app),
            HybridPermissionCache.of(app),
            Events.of(app),
            mask,
        )
        self.keep(app, service)

    # Deciding

    def evaluate(
        self, input_document: Mapping[str, Any], valid_for: Validity | None = None
    ) -> PolicyDecision:
        """Decide. It never raises: without a verdict it is a denial.

        The reasons are the policies' codes, or ``policy_error`` (no verdict, or a bad one),
        ``policy_unavailable`` (no engine, or nothing is loaded), ``policy_too_slow`` (taken out of
        service).

        Args:
            input_document: JSON data, which policies read as ``input``.
            valid_for: the paths whose values change by themselves, and for how long a verdict made
                from them may be reused, in seconds; None in it: unknown. Without it, no verdict is
                reused.
        """
        return self.current.evaluator.evaluate(input_document, valid_for)

    def reads(self) -> frozenset[str]:
        """Input paths below which the policies in service look, candidate included.

        ``"*"`` when that is unknown, or when nothing is loaded.
        """
        return self.current.ready().reads

    def try_out(self, input_document: Mapping[str, Any]) -> PolicyDecision:
        """Decide with the set in service, and count nothing.

        Raises:
            PolicyError: there is no verdict, which denies where it counts.
            PolicyUnavailable: the engine did not answer.
        """
        service = self.current
        loaded = service.loader.ready().newest
        if loaded is None:
            raise PolicyError("policies", service.loader.state.error or "none are loaded")
        return service.evaluator.try_out(loaded, input_document)

    def test(self, name: str, input_document: Mapping[str, Any]) -> PolicyDecision:
        """The same for a policy that must be in force.

        Reasons are those of all policies, since they decide together.

        Raises:
            ValidationFailed: no such policy is in force.
            PolicyError, PolicyUnavailable: as ``try_out``.
        """
        if all(one.name != name for one in self.list()):
            raise ValidationFailed({"name": f"no '{name}' is in force"})
        return self.try_out(input_document)

    def dry_run(
        self,
        name: str,
        rego_source: str,
        tests: str = "",
        given: Mapping[str, Any] | None = None,
    ) -> PolicyDryRun:
        """Try a policy in the place of the one in force, on recent inputs; nothing is stored.

        Args:
            given: one more input to decide.

        Raises:
            ValidationFailed: the name, or ``given``, is refused.
            PolicyError: a source does not compile, a test fails, or an evaluation takes too much.
            PolicyUnavailable, StoreUnavailable: the engine or the database did not answer.
        """
        return self._dry_run(Entry(PolicyKind.REGO, name, rego_source, tests), given)

    def dry_run_document(
        self, name: str, value: Any, given: Mapping[str, Any] | None = None
    ) -> PolicyDryRun:
        """The same for a data document."""
        return self._dry_run(Entry(PolicyKind.DATA, name, document_text(value)), given)

    def _dry_run(self, entry: Entry, given: Mapping[str, Any] | None) -> PolicyDryRun:
        service = self.current
        checked_name(entry.name)
        service.publisher.refuse_other_ids(entry)
        service.loader.ready()
        bundle = service.reader.read().bundle_with([entry])
        return service.examiner.dry_run(entry.name, bundle, given)

    def run_tests(self, path: Path) -> TestReport:
        """Run the Rego tests of a folder together with the set in force; nothing is stored.

        Raises:
            PolicyError: a file is wrong, or the set does not compile.
            PolicyUnavailable, StoreUnavailable: the engine or the database did not answer.
        """
        service = self.current
        compiled = service.engine.compile(service.reader.read().bundle_with(read_folder(path)))
        try:
            return compiled.run_tests()
        finally:
            compiled.close()

    # Changing

    def put(
        self,
        name: str,
        rego_source: str,
        author: str,
        comment: str = "",
        tests: str = "",
        version: int | None = None,
    ) -> PolicyReceipt:
        """Bring a policy into force: compiled, tested, tried on recent inputs, stored, published.

        Args:
            tests: its own Rego tests.
            version: the live version that it was made from, 0 for none; None: the present one.
        """
        entry = Entry(PolicyKind.REGO, name, rego_source, tests)
        return self.current.publisher.put([entry], author, comment, version)[0]

    def put_document(
        self, name: str, value: Any, author: str, comment: str = "", version: int | None = None
    ) -> PolicyReceipt:
        """Bring a data document into force, which policies read as ``data.<name>``."""
        entry = Entry(PolicyKind.DATA, name, document_text(value))
        return self.current.publisher.put([entry], author, comment, version)[0]

    def put_folder(self, path: Path, author: str, comment: str = "") -> Sequence[PolicyReceipt]:
        """Bring all that a folder holds into force together; see ``docs/policies.md``."""
        entries = read_folder(path)
        if not entries:
            raise ValidationFailed({"path": f"{path} holds no policies"})
        return self.current.publisher.put(entries, author, comment)

    def remove(
        self,
        name: str,
        author: str,
        comment: str = "",
        kind: str = PolicyKind.REGO,
        version: int | None = None,
    ) -> PolicyReceipt:
        """Take a policy or document out of force; its versions stay."""
        return self.current.publisher.put(
            [], author, comment, version, removed=[(_kind(kind), name)]
        )[0]

    def rollback(
        self,
        name: str,
        version: int,
        author: str,
        comment: str = "",
        kind: str = PolicyKind.REGO,
        live: int | None = None,
    ) -> PolicyReceipt:
        """Bring the source of an old version into force again, as a new version.

        Args:
            live: the version that must be in force until then, 0 for none; None: the present one.
        """
        return self.current.publisher.rollback(_kind(kind), name, version, author, comment, live)

    def add_bundle(self, name: str, folder: Traversable | Path) -> None:
        """Add a folder to those that ``sync_defaults`` stores, while the app starts.

        Args:
            name: of the bundle; its entries are stored by the author ``bundle:NAME``.
            folder: laid out as ``docs/policies.md`` describes.

        Raises:
            ValidationFailed: another bundle has this name, or one of its entries.
            PolicyError: a file is wrong.
        """
        author = f"bundle:{checked_name(name)}"
        entries = read_folder(folder)
        bundles = self.current.bundles
        if author in bundles:
            raise ValidationFailed({"name": f"another bundle is called '{name}'"})
        others = [read_folder(default_folder()), *bundles.values()]
        taken = {(entry.kind, entry.name) for other in others for entry in other}
        for entry in entries:
            if (entry.kind, entry.name) in taken:
                raise ValidationFailed({"folder": f"another bundle has {entry.kind} {entry.name}"})
        bundles[author] = entries

    def sync_defaults(self) -> Upgrade:
        """Store entries of this release's bundles that the record lacks: the default bundle, then
        the added ones, each by itself.

        A policy that was edited or deactivated stays as it is, and so do those of a bundle that is
        no longer added. The record names the engine of this process afterwards.

        Raises:
            PolicyError: the record names another engine.
        """
        service = self.current
        done = Upgrade([], [], [])
        bundles = {DEFAULT_AUTHOR: read_folder(default_folder()), **service.bundles}
        for author, entries in bundles.items():
            known = service.reader.known()
            upgrade = upgrade_of(service.reader.read(), known, entries, author)
            if upgrade:
                service.publisher.put(
                    upgrade.stored, author, action="default", removed=upgrade.removed
                )
            done += upgrade
        service.publisher.record_engine(DEFAULT_AUTHOR)
        return done

    def lacking(self, connection: Connection) -> str:
        """Why this process cannot serve the stored policies: there are none, or another engine
        admitted them; empty: it can."""
        newest = connection.execute(ENGINE_OF_FLEET).one_or_none()
        if newest is None:
            return "no policies were ever stored"
        return fault_of(newest.engine, self.current.engine.record)

    def reload(self) -> PolicyStatus:
        """Compile the newest revision anew in this process."""
        self.current.loader.load(again=True)
        return self.status()

    # Candidates

    def start_shadow(
        self,
        name: str,
        rego_source: str,
        author: str,
        sample: float = DEFAULT_SAMPLE,
        comment: str = "",
        tests: str = "",
    ) -> PolicyReceipt:
        """Evaluate a candidate beside the live policies, on a share of their evaluations.

        Decisions from the cache do not count. There is one candidate at a time. ``sample`` is above
        0 and at most 1.
        """
        entry = Entry(PolicyKind.REGO, name, rego_source, tests)
        return self.current.publisher.start_shadow(entry, sample, author, comment)

    def shadow_report(self) -> ShadowReport | None:
        """Verdicts that would change with the candidate, from all processes; None without one."""
        service = self.current
        candidate = self.candidate()
        if candidate is None:
            return None
        return report_of(candidate, service.shadow_task.read(candidate.id))

    def candidate(self) -> StoredVersion | None:
        """The candidate; None: there is none."""
        found = self.current.reader.in_use()
        return next((one for one in found if one.state is PolicyState.CANDIDATE), None)

    def promote(self, author: str, comment: str = "", seen: int | None = None) -> PolicyReceipt:
        """Bring the candidate into force; it is rolled back if denials jump then.

        Args:
            seen: the version that the candidate must be; None: any version.
        """
        return self.current.publisher.end_shadow("promote", author, comment, seen)

    def drop(self, author: str, comment: str = "", seen: int | None = None) -> PolicyReceipt:
        """End the candidate; ``seen`` as in ``promote``."""
        return self.current.publisher.end_shadow("drop", author, comment, seen)

    def acknowledge(self, name: str, author: str, comment: str = "") -> None:
        """Take a policy off the list that ``unacknowledged`` gives.

        Raises:
            ValidationFailed: it is not on the list, or another field is refused.
        """
        check_words(author, comment)
        if all(one.name != name for one in self.unacknowledged()):
            raise ValidationFailed({"name": f"'{name}' has nothing to be acknowledged"})
        self.current.writer.acknowledge(name, author, comment)

    # Looking

    def unacknowledged(self) -> Sequence[StoredVersion]:
        """Policies in force, and a candidate, that read ``input.subject.id`` and are from when it
        was a number of the platform's, until ``acknowledge``.

        Empty in an application whose people have integers as ids: there it is the same.
        """
        return self.current.unacknowledged(self.in_use())

    def in_use(self) -> Sequence[StoredVersion]:
        """Policies and data documents in force, and the candidate, by kind and name."""
        return self.current.reader.in_use()

    def list(self) -> Sequence[StoredVersion]:
        """The policies in force, by name."""
        return [one for one in self._live() if one.kind is PolicyKind.REGO]

    def documents(self) -> Sequence[StoredVersion]:
        """The data documents in force, by name."""
        return [one for one in self._live() if one.kind is PolicyKind.DATA]

    def in_force(self, name: str, kind: str = PolicyKind.REGO) -> StoredVersion | None:
        """The version of an entry that is in force; None: no version is."""
        wanted = _kind(kind), name
        return next((one for one in self._live() if (one.kind, one.name) == wanted), None)

    def _live(self) -> Iterator[StoredVersion]:
        return (one for one in self.in_use() if one.state is PolicyState.LIVE)

    def judged(self) -> Sequence[JudgedPermission]:
        """The permissions that policies in force judge, with these policies.

        Empty where the permissions are unknown.
        """
        known = self.current.permissions()
        if known is None:
            return []
        modules, documents = {}, {}
        for one in self._live():
            if one.kind is PolicyKind.REGO:
                modules[one.name] = one.source
            else:
                documents[one.name] = json.loads(one.source)
        return judged_permissions(modules, documents, known)

    def recent_inputs(self, limit: int) -> Sequence[Any]:
        """Inputs of the latest evaluations of all processes, newest first, masked as they are kept.

        Without Redis, those of this process.
        """
        return [json.loads(text) for text in self.current.examiner.sample()[:limit]]

    def version(self, name: str, version: int, kind: str = PolicyKind.REGO) -> StoredVersion | None:
        """One version of an entry; None: it was never written."""
        return self.current.reader.version(_kind(kind), name, version)

    def versions(
        self,
        name: str,
        kind: str = PolicyKind.REGO,
        limit: int = VERSIONS_SHOWN,
        before: int | None = None,
    ) -> Sequence[StoredVersion]:
        """The versions of an entry, newest first; ``before`` leaves out that one and newer."""
        return self.current.reader.versions(_kind(kind), name, limit, before)

    def status(self) -> PolicyStatus:
        """The set in service in this process, and why no newer one is."""
        return status_of(self.current)

    def health(self) -> EngineHealth:
        """The health of the engine."""
        return self.current.engine.health()

    def metrics(self) -> ManagerMetrics:
        """The metrics of evaluations in this process, by engine and by policy."""
        return metrics_of(self.current)

    def measure_costs(self) -> PolicyCosts | None:
        """Measure the cost of each policy on recent inputs; None where there are none."""
        return self.current.slow_guard.measure()


policy = PolicyManager()  # keeps nothing: what it knows is in the application


def default_folder() -> Traversable:
    """The folder of this release's default bundle."""
    return resources.files(DEFAULT_POLICIES)


def _kind(value: str) -> PolicyKind:
    try:
        return PolicyKind(value)
    except ValueError:
        names = ", ".join(PolicyKind)
        raise ValidationFailed({"kind": f"{value!r} is not one of {names}"}) from None
