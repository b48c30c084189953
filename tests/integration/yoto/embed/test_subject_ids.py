"""Policies get the ids of people as the application has them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, create_engine, select, update
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from tests.integration.yoto.embed.test_resources import OPERATED
from tests.support.opa import OpaServer, opa_binary
from tests.support.redis_servers import Server
from tests.support.require import LONG
from yoto import (
    PUBLIC,
    Yoto,
    assign,
    assign_permissions_to_role,
    batch_check_permissions,
    check_permission,
    decide,
    explain,
    list_resources,
    list_users,
    people,
    register_permission,
    register_role,
    visible,
)
from yoto.errors import PolicyError, ValidationFailed
from yoto.rooms.policies import PolicyManager
from yoto.rooms.policies.tables import PolicyVersion
from yoto.store.db import db
from yoto.store.models import AuditRecord

READ = "doc.read"
BLOCKED = f"""package yoto.authz

deny contains "blocked" if {{
    input.action.name == "{READ}"
    input.subject.id == input.resource.attributes.blocked
}}
"""
OTHER = 'package yoto.authz\n\ndeny contains "other" if input.subject.id == '


class Base(DeclarativeBase):
    """The library's own."""


class Reader(Base):
    """Somebody whom a text names."""

    __tablename__ = "id_readers"
    __table_args__ = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

    name: Mapped[str] = mapped_column(String(40), primary_key=True)


class Visitor(Base):
    """Somebody whom a UUID names."""

    __tablename__ = "id_visitors"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class Doc(Base):
    """A document that one of them may not read."""

    __tablename__ = "id_docs"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    blocked: Mapped[str] = mapped_column(String(40))
    blocked_visitor: Mapped[uuid.UUID]
    pages: Mapped[int] = mapped_column(default=1)


class Library:
    """An application with a document that two people have the right to read, one in vain."""

    def __init__(
        self, url: str, redis: str, folder: Path, person: type[Any], config: dict[str, Any]
    ) -> None:
        self.engine = create_engine(url)
        self.session: scoped_session[Session] = scoped_session(sessionmaker(self.engine))
        Base.metadata.create_all(self.engine)
        self.app = Flask("library", instance_path=str(folder))
        self.app.secret_key = "only the tests of the library use it"
        self.app.config["YOTO_REDIS_URL"] = redis
        self.app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-library-{secrets.token_hex(4)}:"
        self.app.config.update(config)
        self.person = person
        self.anna: Any = "anna" if person is Reader else uuid.uuid4()
        self.bob: Any = "bob" if person is Reader else uuid.uuid4()
        yoto = Yoto(db=self.session, users=people(person), caller=lambda: None, **OPERATED)
        name = "blocked" if person is Reader else "blocked_visitor"
        yoto.resource("doc", Doc, attributes={"blocked": name, "pages": "pages"})
        yoto.init_app(self.app)

    def fill(self) -> None:
        key = "name" if self.person is Reader else "id"
        blocked = self.bob if self.person is Visitor else uuid.uuid4()
        doc = Doc(blocked=str(self.bob), blocked_visitor=blocked)
        self.session.add_all([self.person(**{key: one}) for one in (self.anna, self.bob)])
        self.session.add(doc)
        self.session.commit()
        self.doc = doc.id
        register_permission(READ, scope="doc", abac=True)
        [reader] = register_role("reader").ids
        assign_permissions_to_role(reader, [READ])
        for one in (self.anna, self.bob, PUBLIC):
            assign(one, reader, at=("doc", self.doc))

    def reads(self, who: Any) -> bool:
        """Whether somebody reads the document; every way of asking agrees."""
        found = check_permission(who, READ, "doc", self.doc)
        assert batch_check_permissions([who], READ, "doc", self.doc) == {who: found}
        assert (self.doc in list_resources(who, READ, "doc").ids) is found
        assert (self.session.scalars(visible(select(Doc.id), who, READ)).all() != []) is found
        assert (who in list_users(READ, "doc", self.doc).ids) is found
        explained = explain(who, READ, "doc", self.doc)
        assert explained.allowed is found and explained.agrees
        return found


@contextmanager
def a_library(
    url: str, redis: str, folder: Path, person: type[Any], config: dict[str, Any] | None = None
) -> Iterator[Library]:
    library = Library(url, redis, folder, person, config or {})
    try:
        made = library.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        with library.app.app_context():
            library.fill()
            yield library
    finally:
        Yoto.close(library.app)
        library.session.remove()
        library.engine.dispose()


@pytest.mark.parametrize("engine", ["embedded", pytest.param("opa", marks=LONG)])
@pytest.mark.parametrize("person", [Reader, Visitor], ids=["texts", "UUIDs"])
def test_a_person_whom_a_column_names_is_denied(
    empty: str, valkey_server: Server, tmp_path: Path, person: type[Any], engine: str
) -> None:
    with ExitStack() as servers:
        config: dict[str, Any] = {}
        if engine == "opa":
            opa = servers.enter_context(OpaServer(opa_binary()).start())
            config = {"YOTO_POLICY_ENGINE": "opa", "YOTO_OPA_URL": opa.url, "YOTO_OPA_TIMEOUT": 30}
        library = servers.enter_context(
            a_library(empty, valkey_server.url, tmp_path, person, config)
        )
        PolicyManager().put("blocked", BLOCKED, "test")

        assert library.reads(library.anna)
        assert check_permission(PUBLIC, READ, "doc", library.doc)
        assert not library.reads(library.bob)
        assert decide(library.bob, READ, "doc", library.doc).codes == ("blocked",)
        asked = {one["subject"]["id"] for one in PolicyManager().recent_inputs(100)}
        assert {str(library.anna), str(library.bob)} <= asked


def test_a_comparison_with_another_kind_is_refused_wherever_it_comes_in(
    empty: str, valkey_server: Server, tmp_path: Path
) -> None:
    with a_library(empty, valkey_server.url, tmp_path, Reader):
        policies = PolicyManager()
        for other in ("7", "input.resource.attributes.pages"):
            for change in (
                lambda: policies.put("own", OTHER + other, "test"),
                lambda: policies.dry_run("own", OTHER + other),
                lambda: policies.start_shadow("own", OTHER + other, "test"),
            ):
                with pytest.raises(PolicyError, match="this application's people are texts"):
                    change()
        policies.put("own", OTHER + '"bob"', "test")


def test_a_policy_from_before_is_listed_until_it_is_acknowledged(
    empty: str, valkey_server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with a_library(empty, valkey_server.url, tmp_path, Reader) as library:
        policies = PolicyManager()
        policies.put("blocked", BLOCKED, "test")
        policies.put("other", 'package yoto.authz\n\ndeny contains "x" if input.via_count > 9', "t")
        assert policies.unacknowledged() == []
        # As the migration leaves what was there.
        db.session.execute(update(PolicyVersion).values(acknowledged=False))
        db.session.commit()

        assert [one.name for one in policies.unacknowledged()] == ["blocked"]
        policies.reload()
        assert "policy blocked (version 1) reads input.subject.id" in caplog.text
        assert caplog.text.count("reads input.subject.id") == 1
        # An edit is no acknowledgement.
        policies.put("blocked", f"{BLOCKED}\n# Edited.\n", "test")
        assert [one.version for one in policies.unacknowledged()] == [2]
        with pytest.raises(ValidationFailed):
            policies.acknowledge("other", "test")
        invoke = library.app.test_cli_runner().invoke
        assert "blocked reads input.subject.id" in invoke(args=["yoto", "policy", "list"]).output

        done = invoke(args=["yoto", "policy", "acknowledge", "blocked", "--comment", "compared"])
        assert done.exit_code == 0, done.output

        assert policies.unacknowledged() == []
        record = db.session.scalars(
            select(AuditRecord).where(AuditRecord.action == "policy.acknowledge")
        ).one()
        assert (record.subject, record.reason) == ("rego:blocked", "compared")
        # An old version brings its state with it.
        policies.rollback("blocked", 1, "test")
        assert [one.version for one in policies.unacknowledged()] == [3]
