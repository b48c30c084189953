"""Operations common to policies and documents: versions, rollbacks, and the engine's errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.exceptions import UnprocessableEntity

from yoto.auth.operators import ADMIN, VIEW
from yoto.errors import PolicyError, UnknownResource
from yoto.http.operation import After, Author, Limit, Reason, SeenVersion, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.problems import problem
from yoto.rooms.policies import PolicyReceipt, StoredVersion, Version
from yoto.rooms.policies.manager import policy
from yoto.rooms.policies.operating.shapes import Diff, Number
from yoto.rooms.policies.store.reading import difference_of
from yoto.rooms.policies.tables import PolicyKind

TESTS_OF = re.compile(r"(.+) \(test\)")
PLACE = re.compile(r"line (\d+), column (\d+)")


@contextmanager
def refused_by_field(name: str, field: str = "source") -> Iterator[None]:
    """Report the engine's errors at the field that holds them, with line and column.

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


def in_force(kind: PolicyKind, name: str) -> StoredVersion:
    """The active version of an entry.

    Raises:
        UnknownResource: there is none.
    """
    found = policy.in_force(name, kind)
    if found is None:
        raise unknown(kind, name)
    return found


def unknown(kind: PolicyKind, name: str) -> UnknownResource:
    """The error for a name without an entry."""
    return UnknownResource("policy" if kind is PolicyKind.REGO else "document", name, "name")


def version_of(kind: PolicyKind, name: str, number: int) -> StoredVersion:
    """One version of an entry.

    Raises:
        UnknownResource: it was never written.
    """
    found = policy.version(name, number, kind)
    if found is None:
        raise UnknownResource("version", number, "version")
    return found


def add_history(subject: Subject, kind: PolicyKind, noun: str) -> None:
    """Declare the operations on versions; ``noun``: the API's word for an entry."""

    def list_versions(name: str, after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[Version]:
        """Versions of an entry, newest first"""
        found = policy.versions(name, kind, limit + 1, after)
        if not found and after is None:
            raise unknown(kind, name)
        return cut(found, limit, lambda one: one.version)

    def compare_versions(name: str, old: int, new: int) -> Diff:
        """Where one version differs from another"""
        source, tests = difference_of(version_of(kind, name, old), version_of(kind, name, new))
        return {"name": name, "old": old, "new": new, "source": source, "tests": tests}

    def roll_back(
        name: str, version: Number, reason: Reason, by: Author, made_from: SeenVersion
    ) -> PolicyReceipt:
        """Bring an old version into force again, as a new one

        `If-Match` is the active version, `"0"` if there is none.
        """
        with refused_by_field(name, "version"):
            return policy.rollback(name, version, by, reason, kind, made_from)

    def remove(name: str, reason: Reason, by: Author, made_from: SeenVersion) -> PolicyReceipt:
        """Deactivate an entry; its versions stay. `If-Match` as for a rollback"""
        in_force(kind, name)
        with refused_by_field(name, "name"):
            return policy.remove(name, by, reason, kind, made_from)

    list_versions.__name__ = f"list_{noun}_versions"
    compare_versions.__name__ = f"compare_{noun}_versions"
    roll_back.__name__ = f"roll_back_{noun}"
    remove.__name__ = f"remove_{noun}"
    versions = "/<name>/versions"
    subject.operation("GET", versions, VIEW)(list_versions)
    subject.operation("GET", f"{versions}/<int:old>/diff/<int:new>", VIEW)(compare_versions)
    subject.operation("POST", "/<name>/rollback", ADMIN, body="PolicyRollback", tagged=True)(
        roll_back
    )
    subject.operation("POST", "/<name>/remove", ADMIN)(remove)
