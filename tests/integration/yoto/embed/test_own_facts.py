"""Attributes that an application declares for policies, of resources and of people."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.integration.yoto.embed.test_resources import (
    OPERATED,
    PRINT,
    Base,
    Colleague,
    Document,
    Project,
    Workspace,
)
from tests.support.opa import OpaServer, opa_binary
from tests.support.redis_servers import Server
from tests.support.require import LONG
from yoto import (
    PUBLIC,
    PersonFacts,
    Yoto,
    assign,
    assign_permissions_to_role,
    attributes_by,
    batch_check_permissions,
    check_many,
    check_permission,
    decide,
    explain,
    list_resources,
    list_users,
    people,
    people_by,
    register_permission,
    register_role,
    visible,
)
from yoto.errors import ConfigurationError
from yoto.rooms.policies import PolicyManager

SECRET = f"""package yoto.authz

deny contains "secret" if {{
    input.action.name == "{PRINT}"
    input.resource.attributes.secret
    not input.subject.attributes.chief
}}
"""


class Archive:
    """Documents of which another service knows which are secret.

    Attributes:
        secret: the ids of these.
        asked: what the service was asked, call by call.
        answer: instead of what it answers.
    """

    def __init__(self, url: str, redis: str, folder: Path, config: Any, **users: Any) -> None:
        self.secret: set[uuid.UUID] = set()
        self.asked: list[list[uuid.UUID]] = []
        self.answer: Callable[[list[uuid.UUID]], Any] | None = None
        self.engine = create_engine(url)
        self.session: scoped_session[Session] = scoped_session(sessionmaker(self.engine))
        self.session.configure(expire_on_commit=False)
        Base.metadata.create_all(self.engine)
        self.app = Flask("archive", instance_path=str(folder))
        self.app.secret_key = "only the tests of the archive use it"
        self.app.config["YOTO_REDIS_URL"] = redis
        self.app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-archive-{secrets.token_hex(4)}:"
        self.app.config.update(config)
        times = {name: users.pop(name, 30.0) for name in ("max_age", "deadline")}
        declared = users.pop("users", None) or people(Colleague, name="name", **users)
        yoto = Yoto(db=self.session, users=declared, caller=lambda: None, **OPERATED)
        yoto.resource("workspace", Workspace)
        yoto.resource("project", Project, parent="workspace_id")
        yoto.resource(
            "document",
            Document,
            parent="project_id",
            shared="anyone",
            attributes=attributes_by(self.known, **times),
        )
        yoto.init_app(self.app)

    def known(self, ids: list[uuid.UUID]) -> Any:
        self.asked.append(ids)
        if self.answer is not None:
            return self.answer(ids)
        return {one: {"secret": one in self.secret} for one in ids}

    def fill(self) -> None:
        here = Workspace(id=uuid.uuid4(), name="here")
        self.mara, self.boss = (
            Colleague(id=uuid.uuid4(), name=name, chief=name == "boss") for name in ("mara", "boss")
        )
        self.site = Project(id=uuid.uuid4(), name="site", workspace_id=here.id)
        for rows in ([self.mara, self.boss, here], [self.site]):
            self.session.add_all(rows)
            self.session.commit()
        self.papers = self.more(5)
        register_permission(PRINT, scope="document", abac=True)
        [printer] = register_role("printer").ids
        assign_permissions_to_role(printer, [PRINT])
        for one in (self.mara.id, self.boss.id, PUBLIC):
            assign(one, printer, at=("project", self.site.id))

    def more(self, number: int) -> list[Document]:
        papers = [Document(name=f"{n}", project_id=self.site.id) for n in range(number)]
        self.session.add_all(papers)
        self.session.commit()
        return papers

    def prints(self, who: uuid.UUID) -> list[bool]:
        """Whether somebody prints each paper; every way of asking agrees."""
        ids = [one.id for one in self.papers]
        found = check_many(who, [(PRINT, "document", one) for one in ids])
        listed = set(list_resources(who, PRINT, "document").ids)
        seen = set(self.session.scalars(visible(select(Document.id), who, PRINT)))
        assert [one in listed for one in ids] == [one in seen for one in ids] == found
        for one, may in zip(ids, found, strict=True):
            assert check_permission(who, PRINT, "document", one) == may
            assert batch_check_permissions([who], PRINT, "document", one) == {who: may}
            assert (who in list_users(PRINT, "document", one).ids) == may
            explained = explain(who, PRINT, "document", one)
            assert explained.allowed == may and explained.agrees
        return found

    def close(self) -> None:
        Yoto.close(self.app)
        self.session.remove()
        self.engine.dispose()


@contextmanager
def an_archive(
    url: str, redis: str, folder: Path, config: Any = (), **users: Any
) -> Iterator[Archive]:
    archive = Archive(url, redis, folder, config, **users)
    try:
        made = archive.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        with archive.app.app_context():
            archive.fill()
            PolicyManager().put("secret", SECRET, "test")
            yield archive
    finally:
        archive.close()


@pytest.mark.parametrize("engine", ["embedded", pytest.param("opa", marks=LONG)])
def test_policies_read_what_a_function_knows_of_resources_and_columns_of_people(
    empty: str, valkey_server: Server, tmp_path: Path, engine: str
) -> None:
    with ExitStack() as servers:
        config: dict[str, Any] = {}
        if engine == "opa":
            opa = servers.enter_context(OpaServer(opa_binary()).start())
            config = {"YOTO_POLICY_ENGINE": "opa", "YOTO_OPA_URL": opa.url, "YOTO_OPA_TIMEOUT": 30}
        archive = servers.enter_context(
            an_archive(empty, valkey_server.url, tmp_path, config, attributes=["chief", "name"])
        )
        archive.secret |= {one.id for one in archive.papers[:2]}
        assert archive.prints(archive.mara.id) == [False, False, True, True, True]
        assert archive.prints(archive.boss.id) == [True] * 5
        [first, *_] = archive.papers
        assert decide(archive.mara.id, PRINT, "document", first.id).codes == ("secret",)
        # A change of a column counts at once; the public is nobody with attributes.
        archive.mara.chief = True
        archive.session.commit()
        assert check_permission(archive.mara.id, PRINT, "document", first.id)
        assert not check_permission(PUBLIC, PRINT, "document", first.id)


def test_a_function_is_asked_about_many_at_once(
    url: str, valkey_server: Server, tmp_path: Path
) -> None:
    with an_archive(url, valkey_server.url, tmp_path) as archive:
        mara, asked = archive.mara.id, archive.asked
        first, then = ([one.id for one in some] for some in (archive.papers, archive.more(4)))
        assert all(check_many(mara, [(PRINT, "document", one) for one in first]))
        assert len(list_resources(mara, PRINT, "document").ids) == 9
        last = [one.id for one in archive.more(3)]
        assert len(archive.session.scalars(visible(select(Document), mara, PRINT)).all()) == 12
        # Earlier answers count.
        assert [set(one) for one in asked] == [set(first), set(then), set(last)]


def test_what_a_function_does_not_say_is_denied(
    url: str, valkey_server: Server, tmp_path: Path
) -> None:
    hung = threading.Event()

    def fails(ids: list[uuid.UUID]) -> Any:
        raise RuntimeError("the service is away")

    answers: list[Callable[[list[uuid.UUID]], Any]] = [
        fails,
        lambda ids: hung.wait(30),
        lambda ids: None,
        lambda ids: {str(one): {} for one in ids},
    ]
    times = {"max_age": 0.001, "deadline": 1.0}
    with an_archive(url, valkey_server.url, tmp_path, **times) as archive:
        mara, [first, second, *_] = archive.mara.id, archive.papers
        every = [(PRINT, "document", one.id) for one in archive.papers]
        for answer in answers:
            archive.answer = answer
            found = decide(mara, PRINT, "document", first.id)
            assert (found.allowed, found.codes) == (False, ("missing:resource.attributes",))
            archive.asked.clear()
            assert check_many(mara, every) == [False] * 5
            # Nobody waits twice for the same list.
            assert len(archive.asked) == 1
        hung.set()
        archive.answer = fails
        assert archive.prints(mara) == [False] * 5
        # An answer about one that is bad or absent is missing of this one alone.
        for said in ({}, {first.id: {"secret": {1, 2}}}, {first.id: ["secret"]}, {first.id: None}):
            archive.answer = lambda ids, said=said: {second.id: {}} | said  # type: ignore[misc]
            assert check_many(mara, every[:2]) == [False, True]


def test_a_function_knows_people_too(url: str, valkey_server: Server, tmp_path: Path) -> None:
    asked: list[list[uuid.UUID]] = []
    chiefs: set[uuid.UUID] = set()

    def known(ids: list[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
        asked.append(ids)
        return {one: {"chief": one in chiefs} for one in ids}

    with an_archive(url, valkey_server.url, tmp_path, attributes=known) as archive:
        everybody = [archive.mara.id, archive.boss.id]
        chiefs.add(archive.boss.id)
        [first, *_] = archive.papers
        archive.secret.add(first.id)
        found = batch_check_permissions(everybody, PRINT, "document", first.id)
        assert found == {archive.mara.id: False, archive.boss.id: True}
        assert [set(one) for one in asked] == [set(everybody)]


def test_attributes_of_people_in_a_directory_come_from_a_function(
    url: str, valkey_server: Server, tmp_path: Path
) -> None:
    users = people_by(
        lambda ids: {one: PersonFacts(str(one)) for one in ids},
        ids=uuid.UUID,
        attributes=lambda ids: {one: {"chief": True} for one in ids},
    )
    with an_archive(url, valkey_server.url, tmp_path, users=users) as archive:
        archive.secret |= {one.id for one in archive.papers}
        assert archive.prints(archive.mara.id) == [True] * 5


def test_what_is_no_column_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="attributes: 'rank' is no column of Colleague"):
        people(Colleague, attributes=["rank"])
    with pytest.raises(ConfigurationError, match="max_age"):
        attributes_by(lambda ids: {}, max_age=0)
