"""Policies as operators see and change them, by the same calls as ``flask policy``.

The record of policies audits each change in the transaction that makes it; no worker loads it
before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from flask import current_app
from werkzeug.exceptions import UnprocessableEntity

from yoto.errors import PolicyError, UnknownResource
from yoto.events import Events
from yoto.extensions import policy
from yoto.http.acts import author
from yoto.http.paging import Page
from yoto.http.problems import problem
from yoto.policy import PolicyReceipt, Rehearsal, StoredVersion, difference_of
from yoto.store.models import PolicyKind, PolicyState

TESTS_OF = re.compile(r"(.+) \(test\)")
PLACE = re.compile(r"line (\d+), column (\d+)")


@contextmanager
def refused_by_field(name: str, field: str = "source") -> Iterator[None]:
    """Tell what the engine refuses at the field where it stands, with line and column.

    Raises:
        UnprocessableEntity: in place of ``PolicyError``.
    """
    try:
        yield
    except PolicyError as error:
        tests = TESTS_OF.fullmatch(error.policy)
        where = tests[1] if tests else error.policy
        place = PLACE.match(error.reason)
        text = error.reason if where == name else f"{where}: {error.reason}"
        answer = problem(
            422,
            "policy-refused",
            str(error),
            errors={"tests" if tests else field: [text]},
            policy=where,
            line=int(place[1]) if place else None,
            column=int(place[2]) if place else None,
        )
        raise UnprocessableEntity(response=answer) from error


def overview() -> dict[str, Any]:
    """The policies in force, and what decides in this worker, which loads them if need be."""
    policy.start(current_app._get_current_object())  # type: ignore[attr-defined]
    metrics, in_use = policy.metrics(), policy.in_use()
    candidates = {one.name: one.version for one in in_use if one.state is PolicyState.CANDIDATE}
    items = []
    for one in in_use:
        if one.kind is not PolicyKind.REGO or one.state is not PolicyState.LIVE:
            continue
        use = metrics.policies.get(one.name)
        known = use is not None and use.version == one.version
        items.append(
            {
                **asdict(one),
                "candidate_version": candidates.get(one.name),
                "use": _use(use) if known else None,
            }
        )
    return {"engine": _engine(metrics.counts), "items": items}


def in_force(kind: PolicyKind, name: str) -> StoredVersion:
    """What is in force under a name.

    Raises:
        UnknownResource: nothing is.
    """
    found = policy.in_force(name, kind)
    if found is None:
        raise UnknownResource("policy" if kind is PolicyKind.REGO else "document", name, "name")
    return found


def version(kind: PolicyKind, name: str, number: int) -> StoredVersion:
    """One version of an entry.

    Raises:
        UnknownResource: it was never written.
    """
    found = policy.version(name, number, kind)
    if found is None:
        raise UnknownResource("version", number, "version")
    return found


def versions(kind: PolicyKind, name: str, after: int | None, limit: int) -> Page[StoredVersion]:
    """Versions of an entry, newest first.

    Raises:
        UnknownResource: there never was such an entry.
    """
    found = policy.versions(name, kind, limit + 1, after)
    if not found and after is None:
        raise UnknownResource("policy" if kind is PolicyKind.REGO else "document", name, "name")
    items = found[:limit]
    return Page(items, items[-1].version if len(found) > limit else None)


def difference(kind: PolicyKind, name: str, old: int, new: int) -> dict[str, Any]:
    """Where two versions differ; raises as ``version``."""
    source, tests = difference_of(version(kind, name, old), version(kind, name, new))
    return {"name": name, "old": old, "new": new, "source": source, "tests": tests}


def as_document(found: StoredVersion) -> dict[str, Any]:
    """A version of a document with its value."""
    return {**asdict(found), "document": json.loads(found.source)}


def put_policy(name: str, body: Mapping[str, Any], made_from: int) -> PolicyReceipt:
    """Bring a policy into force; raises as ``PolicyManager.put``."""
    with refused_by_field(name):
        return policy.put(name, body["source"], author(), body["reason"], body["tests"], made_from)


def put_document(name: str, body: Mapping[str, Any], made_from: int) -> PolicyReceipt:
    """Bring a document into force; raises as ``PolicyManager.put_document``."""
    with refused_by_field(name, "document"):
        return policy.put_document(name, body["document"], author(), body["reason"], made_from)


def remove(kind: PolicyKind, name: str, reason: str, made_from: int) -> PolicyReceipt:
    """Take an entry out of force; raises as ``PolicyManager.remove``."""
    in_force(kind, name)
    with refused_by_field(name, "name"):
        return policy.remove(name, author(), reason, kind, made_from)


def roll_back(
    kind: PolicyKind, name: str, to_version: int, reason: str, made_from: int
) -> PolicyReceipt:
    """Bring an old version into force again; raises as ``PolicyManager.rollback``."""
    with refused_by_field(name, "version"):
        return policy.rollback(name, to_version, author(), reason, kind, made_from)


def try_policy(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Try a policy; what is not given is what is in force. Raises as ``PolicyManager.rehearse``."""
    source, tests = body["source"], body["tests"]
    if source is None:
        live = in_force(PolicyKind.REGO, name)
        source, tests = live.source, live.tests if tests is None else tests
    with refused_by_field(name):
        return _shown(policy.rehearse(name, source, tests or "", body["input"]))


def try_document(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Try a document; raises as ``PolicyManager.rehearse_document``."""
    if "document" in body:
        value = body["document"]
    else:
        value = json.loads(in_force(PolicyKind.DATA, name).source)
    with refused_by_field(name, "document"):
        return _shown(policy.rehearse_document(name, value, body["input"]))


def _shown(found: Rehearsal) -> dict[str, Any]:
    given = None
    if found.given is not None:
        given = dict(zip(("before", "after"), found.given, strict=True))
    return {
        "tests_passed": found.tests_passed,
        "inputs": found.inputs,
        "changed": len(found.differing),
        "allow_to_deny": found.allow_to_deny,
        "deny_to_allow": found.deny_to_allow,
        "other_codes": found.other_codes,
        "differing": found.differing,
        "given": given,
    }


def _engine(counts: Any) -> dict[str, Any]:
    status, health = policy.status(), policy.health()
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


def _use(found: Any) -> dict[str, Any]:
    return {
        "denies": dict(found.denies),
        "latency": found.latency,
        "rules": found.complexity.rules,
        "source_bytes": found.complexity.source_bytes,
    }
