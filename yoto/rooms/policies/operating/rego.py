"""Policies in Rego: the active ones, the engine, dry runs and changes."""

from __future__ import annotations

from typing import Annotated

from flask import current_app

from yoto.auth.operators import ADMIN, VIEW, demand_right
from yoto.events import Events
from yoto.http.operation import Author, Reason, SeenVersion, Subject
from yoto.rooms.policies import (
    ManagerMetrics,
    PolicyDryRun,
    PolicyReceipt,
    StoredVersion,
    VersionTexts,
)
from yoto.rooms.policies.manager import policy
from yoto.rooms.policies.operating.entries import (
    add_history,
    in_force,
    refused_by_field,
    version_of,
)
from yoto.rooms.policies.operating.shapes import (
    NAMES,
    REGO,
    TESTS,
    Engine,
    Input,
    ListedPolicy,
    Policies,
    Rego,
    Tests,
    Use,
    listed,
)
from yoto.rooms.policies.tables import PolicyKind, PolicyState

policies = Subject(
    "policies",
    "/policies",
    "Policies: reading, trying and changing them",
    "policy",
    "policy",
    "See, try and change the policies.",
    NAMES,
)
add_history(policies, PolicyKind.REGO, "policy")


@policies.operation("GET", "", VIEW)
def list_policies() -> Policies:
    """The active policies, and the engine of this worker"""
    # Loads the policies if nothing was decided yet in this worker.
    policy.current.ready()
    metrics, in_use = policy.metrics(), policy.in_use()
    unacknowledged = {one.name for one in policy.current.unacknowledged(in_use)}
    candidates = {one.name: one.version for one in in_use if one.state is PolicyState.CANDIDATE}
    items = [
        ListedPolicy(
            **listed(one),
            candidate_version=candidates.get(one.name),
            unacknowledged=one.name in unacknowledged,
            use=_use(metrics, one),
        )
        for one in in_use
        if one.kind is PolicyKind.REGO and one.state is PolicyState.LIVE
    ]
    return {"engine": _engine(metrics), "items": items}


@policies.operation("GET", "/<name>", VIEW, tagged=True)
def read_policy(name: str) -> VersionTexts:
    """The active version of a policy; `ETag` is its version"""
    return in_force(PolicyKind.REGO, name)


@policies.operation("GET", "/<name>/versions/<int:number>", VIEW)
def read_policy_version(name: str, number: int) -> VersionTexts:
    """One version with its texts"""
    return version_of(PolicyKind.REGO, name, number)


@policies.operation("PUT", "/<name>", ADMIN, body="PutPolicy", tagged=True)
def put_policy(
    name: str, source: Rego, reason: Reason, by: Author, made_from: SeenVersion, tests: Tests = ""
) -> PolicyReceipt:
    """Bring a policy into force: compiled, tested, tried on recent inputs, stored

    `If-Match` is the version that it was made from, `"0"` for a new one. Errors of the engine name
    the field, with `line` and `column`.
    """
    with refused_by_field(name):
        return policy.put(name, source, by, reason, tests, made_from)


@policies.operation("POST", "/<name>/test", VIEW, changes=False, body="TryPolicy")
def test_policy(
    name: str,
    source: Annotated[str | None, REGO] = None,
    tests: Annotated[str | None, TESTS] = None,
    input: Input = None,
) -> PolicyDryRun:
    """Try a policy on recorded inputs, and on one that is given; nothing is stored

    Without a source, the active one is tried. Another source takes `platform.admin`, since it is
    executed.
    """
    if source is not None or tests is not None:
        demand_right(ADMIN)
    if source is None:
        live = in_force(PolicyKind.REGO, name)
        source, tests = live.source, live.tests if tests is None else tests
    with refused_by_field(name):
        return policy.dry_run(name, source, tests or "", input)


@policies.operation("POST", "/<name>/acknowledge", ADMIN, body="AcknowledgePolicy", status=204)
def acknowledge_policy(name: str, reason: Reason, by: Author) -> None:
    """Acknowledge that a policy which reads `input.subject.id` was reviewed

    The id used to be a number of the platform's, and is now the application's own. Older policies
    are listed until they are acknowledged.
    """
    policy.acknowledge(name, by, reason)


def _use(metrics: ManagerMetrics, one: StoredVersion) -> Use | None:
    found = metrics.policies.get(one.name)
    if found is None or found.version != one.version:
        return None
    return {
        "denies": found.denies,
        "latency": found.latency,
        "rules": found.complexity.rules,
        "source_bytes": found.complexity.source_bytes,
    }


def _engine(metrics: ManagerMetrics) -> Engine:
    status, health, counts = policy.status(), policy.health(), metrics.counts
    return {
        "instance": Events.of(current_app).instance_id,
        "engine": status.engine,
        "runs_on": status.runs_on,
        "state": health.state,
        "detail": health.detail,
        "latency_ms": health.latency_ms,
        "bundle": status.version,
        "taken_out": status.taken_out,
        "revision": status.loading.revision,
        "wanted": status.loading.wanted,
        "error": status.loading.error,
        "evaluations": counts.evaluations,
        "errors": counts.errors + counts.unavailable,
        "denies": counts.denies,
    }
