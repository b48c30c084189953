"""Policies and their data documents: every version ever written, which one is live, and when."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, string_enum, utcnow
from yoto.store.models.idempotency import LONG_TEXT


class PolicyKind(enum.StrEnum):
    """The kind of an entry: Rego source, or a JSON document that Rego reads as ``data.<name>``."""

    REGO = "rego"
    DATA = "data"


class PolicyState(enum.StrEnum):
    """The state of a version. At most one version of an entry is live, and one a candidate."""

    LIVE = "live"
    CANDIDATE = "candidate"
    RETIRED = "retired"
    DROPPED = "dropped"


class Policy(Model):
    """One policy or data document by its name. ``live_version`` is NULL while none is in force."""

    __tablename__ = "yoto_policies"
    __table_args__ = (UniqueConstraint("kind", "name"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    kind: Mapped[PolicyKind] = mapped_column(string_enum(PolicyKind))
    name: Mapped[str] = mapped_column(String(64))
    live_version: Mapped[int | None]


class PolicyVersion(Model):
    """One version of an entry; only ``state`` and ``acknowledged`` ever change.

    ``source`` is Rego or JSON text, ``tests`` the policy's own Rego tests (empty for a document),
    ``source_hash`` the SHA-256 of both. ``sample`` is the share of live evaluations, 0 to 1, that a
    candidate is evaluated beside. ``acknowledged`` is false for versions from when
    ``input.subject.id`` was the platform's number of a person, until somebody has looked at them.
    """

    __tablename__ = "yoto_policy_versions"
    __table_args__ = (UniqueConstraint("policy_id", "version"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    policy_id: Mapped[int] = mapped_column(ForeignKey("yoto_policies.id"))
    version: Mapped[int]
    source: Mapped[str] = mapped_column(LONG_TEXT)
    tests: Mapped[str] = mapped_column(LONG_TEXT, default="")
    source_hash: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(128))
    comment: Mapped[str] = mapped_column(String(500), default="", server_default="")
    state: Mapped[PolicyState] = mapped_column(string_enum(PolicyState))
    sample: Mapped[float | None] = mapped_column(Float)
    acknowledged: Mapped[bool] = mapped_column(default=True, server_default=true())
    at: Mapped[datetime] = mapped_column(default=utcnow)


class PolicyRevision(Model):
    """One change of the set that is in force, or of its candidate; rows are only ever added.

    All policies are compiled together, so two changes must not be made from the same set: the
    primary key lets exactly one of them win. ``bundle`` is the version of the whole set, as
    decisions name it. ``engine`` is the engine that admitted it, with its level; NULL: any engine
    may run it.
    """

    __tablename__ = "yoto_policy_revisions"
    __table_args__ = (MYSQL_OPTIONS,)

    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[PolicyKind] = mapped_column(string_enum(PolicyKind))
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(String(128))
    bundle: Mapped[str] = mapped_column(String(64))
    engine: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(default=utcnow)


class PolicyShadowCount(Model):
    """One process's counts of a candidate beside the live set; ``flips`` is its part of the report.

    A process adds up in memory and writes the sums, so that a reader adds rows and no process waits
    for another.
    """

    __tablename__ = "yoto_policy_shadow_counts"
    __table_args__ = (UniqueConstraint("version_id", "instance"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    version_id: Mapped[int] = mapped_column(ForeignKey("yoto_policy_versions.id"))
    instance: Mapped[str] = mapped_column(String(128))
    evaluated: Mapped[int]
    errors: Mapped[int]
    flips: Mapped[Any] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(default=utcnow)
