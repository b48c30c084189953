"""``yoto.resource``: somebody else's workspaces, projects and documents, with UUIDs for ids."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import ForeignKey, String, create_engine, delete, func, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto import (
    PUBLIC,
    Application,
    Everyone,
    Permission,
    Team,
    Yoto,
    add_team_members,
    add_team_parent,
    assign,
    assign_permissions_to_role,
    assign_roles_to_user,
    check_permission,
    clear_overwrite,
    create_team,
    decide,
    delete_role,
    explain,
    has_permission,
    holders,
    list_resources,
    list_users,
    people,
    put_resource,
    register_application,
    register_permission,
    register_role,
    require_permission,
    set_overwrite,
    sweeping,
    team_members,
    unassign,
    visible,
)
from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission import PermissionSystem, acting_as
from yoto.permission.outbox.dirty_tags import MAX_USERS
from yoto.rooms.policies import PolicyManager
from yoto.store.columns import utcnow
from yoto.store.models import (
    ApiToken,
    ChannelOverwrite,
    Device,
    EmergencyAccess,
    RoleAssignment,
    RoleGrant,
)
from yoto.sweeping import sweeper_of

READ, EDIT, PRINT = "document.read", "document.edit", "document.print"
# With policies, then.
OPERATED = {"control_plane": True, "operators": lambda: None, "sign_in": "paper"}


class Base(DeclarativeBase):
    """The office's own."""


class Named(Base):
    """Anything with a UUID and a name."""

    __abstract__ = True

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100))


class Colleague(Named):
    """Somebody who works in the office."""

    __tablename__ = "colleagues"

    chief: Mapped[bool] = mapped_column(default=False)


class Workspace(Named):
    """A home that colleagues belong to."""

    __tablename__ = "workspaces"

    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Colleague.id))


class Membership(Base):
    """A colleague who belongs to a workspace."""

    __tablename__ = "memberships"

    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Workspace.id), primary_key=True)
    colleague_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Colleague.id), primary_key=True)


class Project(Named):
    """Documents of one purpose."""

    __tablename__ = "projects"

    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Workspace.id))


class Document(Named):
    """A text that is read and edited."""

    __tablename__ = "documents"

    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Project.id))
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Colleague.id))


class Office:
    """An application of somebody else's, with resources."""

    def __init__(
        self, url: str, redis: str, folder: Path, rooms: str | None = None, **options: Any
    ) -> None:
        """``rooms``: None are those that the tests of resources need."""
        if rooms is None:
            rooms = "review,templates" + ",policies" * bool(options.get("control_plane"))
        self.engine = create_engine(url)
        self.session: scoped_session[Session] = scoped_session(sessionmaker(self.engine))
        Base.metadata.create_all(self.engine)
        self.app = Flask("office", instance_path=str(folder))
        self.app.secret_key = "only the tests of the office use it"
        self.app.config["YOTO_REDIS_URL"] = redis
        self.app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-office-{secrets.token_hex(4)}:"
        yoto = Yoto(
            db=self.session,
            users=people(Colleague, name="name", super_admin=Colleague.chief),
            caller=lambda: request.headers.get("Who"),
            rooms=rooms,
            **options,
        )
        yoto.resource("workspace", Workspace, owner="owner_id", members=Membership)
        yoto.resource("project", Project, parent="workspace_id")
        yoto.resource(
            "document",
            Document,
            parent="project_id",
            owner="owner_id",
            shared="anyone",
            attributes=("name", "owner_id"),
        )
        yoto.resource("scan", parent="document", shared="anyone")
        yoto.init_app(self.app)

        @self.app.get("/documents/<uuid:document_id>")
        @require_permission(READ, scope="document", scope_id="document_id")
        def document(document_id: uuid.UUID) -> dict[str, bool]:
            return {"edits": has_permission(EDIT, "document", document_id)}

        @self.app.get("/papers/<paper>")
        @require_permission(READ, "document", lambda request: request.view_args["paper"])
        def paper(paper: str) -> str:
            return "read"

    def add(self, *rows: Any) -> None:
        self.session.add_all(rows)
        self.session.commit()

    def document(self) -> Document:
        """A document in a project in a workspace that nobody belongs to."""
        here = Workspace(id=uuid.uuid4(), name="here")
        self.add(here)
        site = Project(id=uuid.uuid4(), name="site", workspace_id=here.id)
        self.add(site)
        plan = Document(id=uuid.uuid4(), name="plan", project_id=site.id)
        self.add(plan)
        return plan

    def get(self, who: Colleague | None, path: str) -> Any:
        headers = {} if who is None else {"Who": str(who.id)}
        return self.app.test_client().get(path, headers=headers)

    def close(self) -> None:
        Yoto.close(self.app)
        self.session.remove()
        self.engine.dispose()


@pytest.fixture
def office(
    request: pytest.FixtureRequest, url: str, valkey_server: Server, tmp_path: Path
) -> Iterator[Office]:
    office = Office(url, valkey_server.url, tmp_path, **getattr(request, "param", {}))
    office.session.configure(expire_on_commit=False)
    try:
        made = office.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        with office.app.app_context():
            register_permission(READ, scope="document")
            register_permission(EDIT, scope="document")
            yield office
    finally:
        office.close()


def test_what_is_given_above_holds_below_until_it_is_moved(office: Office) -> None:
    mara, noor, boss = (Colleague(id=uuid.uuid4(), name=name) for name in ("mara", "noor", "boss"))
    office.add(mara, noor, boss)
    here, there = (Workspace(id=uuid.uuid4(), name=name) for name in ("here", "there"))
    here.owner_id = boss.id
    office.add(here, there)
    site, shop = (Project(id=uuid.uuid4(), name=name) for name in ("site", "shop"))
    site.workspace_id, shop.workspace_id = here.id, there.id
    office.add(Membership(workspace_id=here.id, colleague_id=mara.id), site, shop)
    plan, note = (
        Document(id=uuid.uuid4(), name=name, project_id=site.id) for name in ("plan", "note")
    )
    office.add(plan, note)

    [reader] = register_role("reader").ids
    assign_permissions_to_role(reader, [READ])
    [editor] = register_role("editor", home=("workspace", here.id), parent=reader).ids
    assign_permissions_to_role(editor, [EDIT])

    def reads(who: Colleague) -> set[str]:
        """The names of what somebody reads; every way of asking agrees."""
        found = set(office.session.scalars(visible(select(Document.name), who.id, READ)))
        ids = list_resources(who.id, READ, "document").ids
        by_id = {plan.id: "plan", note.id: "note"}
        assert {by_id[one] for one in ids} == found
        for document_id, name in by_id.items():
            assert check_permission(who.id, READ, "document", document_id) == (name in found)
            with acting_as(who.id):
                assert Permission(READ, "document", document_id).can() == (name in found)
            status = office.get(who, f"/documents/{document_id}").status_code
            assert status == (200 if name in found else 403)
            readers = list_users(READ, "document", document_id).ids
            assert (who.id in readers) == (name in found)
        return found

    assert [reads(one) for one in (mara, noor, boss)] == [set(), set(), {"plan", "note"}]
    assign(mara.id, editor, at=("project", site.id))
    assert reads(mara) == {"plan", "note"}
    assert office.get(mara, f"/documents/{plan.id}").get_json() == {"edits": True}
    # A guest: documents are for people from outside, too.
    assign(noor.id, reader, at=("document", note.id))
    assert reads(noor) == {"note"}
    assert office.get(noor, f"/papers/{note.id}").text == "read"
    set_overwrite(at=("document", note.id), user_id=mara.id, deny=[READ])
    assert reads(mara) == {"plan"}

    assign(mara.id, editor, at=("document", plan.id))
    set_overwrite(at=("document", plan.id), role_id=editor, allow=[EDIT])
    plan.project_id = shop.id
    office.session.commit()
    assert [reads(one) for one in (mara, boss)] == [set(), {"note"}]
    # A role of the old workspace means nothing there, and can be taken all the same.
    unassign(mara.id, editor, at=("document", plan.id))
    clear_overwrite(at=("document", plan.id), role_id=editor)
    with pytest.raises(ValidationFailed) as refused:
        assign(mara.id, editor, at=("document", plan.id))
    assert refused.value.errors == {"at": [f"is not in workspace {here.id}, the role's"]}
    with pytest.raises(ValidationFailed) as refused:
        set_overwrite(at=("document", plan.id), role_id=editor, allow=[EDIT])
    assert refused.value.errors == {"role_id": [f"is a role of workspace {here.id}"]}
    plan.owner_id = noor.id
    office.session.commit()
    assert reads(noor) == {"plan", "note"}
    unassign(noor.id, reader, at=("document", note.id))
    assert reads(noor) == {"plan"}

    [crew] = create_team("crew").ids
    add_team_members(crew, [noor.id])
    assign(Team(crew), reader, at=("document", note.id))
    assert reads(noor) == {"plan", "note"}
    office.session.delete(office.session.get_one(Membership, (here.id, mara.id)))
    office.add(Membership(workspace_id=there.id, colleague_id=mara.id))
    assign(Everyone("workspace", there.id), reader, at=("project", shop.id))
    assert reads(mara) == {"plan"}
    assign(PUBLIC, reader, at=("document", note.id))
    assert check_permission(PUBLIC, READ, "document", note.id)
    assert not check_permission(PUBLIC, READ, "document", plan.id)


def test_who_holds_a_role_and_who_is_in_a_team_are_named_by_their_own_ids(office: Office) -> None:
    mara, noor = (Colleague(id=uuid.uuid4(), name=name) for name in ("mara", "noor"))
    here = Workspace(id=uuid.uuid4(), name="here", owner_id=noor.id)
    office.add(mara, noor, here)
    [reader], [crew] = register_role("reader").ids, create_team("crew").ids
    [press] = register_application("press").ids
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    add_team_members(crew, [mara.id, Application(press)], valid_until=until)
    given = [noor.id, Team(crew), Application(press), Everyone("workspace", here.id), PUBLIC]
    for one in given:
        assign(one, reader, at=("workspace", here.id))
    assert [one.subject for one in holders("workspace", here.id)] == given
    found = team_members(crew)
    assert {(one.subject, one.valid_until) for one in found} == {
        (mara.id, until),
        (Application(press), until),
    }
    with pytest.raises(UnknownResource):
        team_members(crew + 1)


def test_what_would_allow_is_a_role_at_the_place_and_says_how_many_people_a_change_reaches(
    office: Office,
) -> None:
    mara, noor, boss = (Colleague(id=uuid.uuid4(), name=name) for name in ("mara", "noor", "boss"))
    office.add(mara, noor, boss)
    here = Workspace(id=uuid.uuid4(), name="here", owner_id=boss.id)
    office.add(here)
    office.add(*(Membership(workspace_id=here.id, colleague_id=one.id) for one in (mara, noor)))
    site, shop = (
        Project(id=uuid.uuid4(), name=name, workspace_id=here.id) for name in ("site", "shop")
    )
    office.add(site, shop)
    plan = Document(id=uuid.uuid4(), name="plan", project_id=site.id)
    office.add(plan)
    [reader], [editor] = register_role("reader").ids, register_role("editor").ids
    assign_permissions_to_role(reader, [READ])
    assign_permissions_to_role(editor, [EDIT])
    assign(mara.id, reader, at=("project", shop.id))

    found = explain(mara.id, READ, "document", plan.id)
    [given] = [one for one in found.changes if one.kind == "assign_role"]
    place = f"document:{plan.id}"
    assert (given.detail["role_id"], given.detail["at"]) == (reader, place)
    assert given.text == f"give role 'reader' ({reader}) to the user at {place}"
    assign(mara.id, reader, at=("document", plan.id))
    assert check_permission(mara.id, READ, "document", plan.id)

    def reached(kind: str) -> int:
        changes = explain(mara.id, EDIT, "document", plan.id).changes
        [found] = [one for one in changes if one.kind == kind and one.detail["role_id"] == reader]
        return found.affected

    assert reached("grant") == 1
    [all_], [crew] = create_team("all").ids, create_team("crew").ids
    add_team_parent(crew, all_)
    add_team_members(crew, [noor.id])
    assign(Team(all_), reader, at=("project", site.id))
    assert reached("grant") == 2
    assign(Everyone("workspace", here.id), reader, at=("project", site.id))
    assert reached("grant") == 2 + 2
    assign(PUBLIC, reader, at=("document", plan.id))
    assert reached("grant") == 2 + 2 + 3


@pytest.mark.parametrize("office", [OPERATED], indirect=True)
def test_policies_judge_by_what_a_document_declares(office: Office) -> None:
    mara = Colleague(id=uuid.uuid4(), name="mara")
    here = Workspace(id=uuid.uuid4(), name="here")
    office.add(mara, here)
    site = Project(id=uuid.uuid4(), name="site", workspace_id=here.id)
    office.add(site)
    plan, secret = (
        Document(id=uuid.uuid4(), name=name, project_id=site.id, owner_id=mara.id)
        for name in ("plan", "secret")
    )
    office.add(plan, secret)
    register_permission(PRINT, scope="document", abac=True)
    rules = (
        f'deny contains "sealed" if {{\n\tinput.action.name == "{PRINT}"\n'
        '\tinput.resource.attributes.name == "secret"\n}\n\n'
        f'deny contains "odd" if {{\n\tinput.action.name == "{PRINT}"\n'
        f'\tnot input.resource.id in {{"{plan.id}", "{secret.id}"}}\n}}\n'
    )
    PolicyManager().put("seals", f"package yoto.authz\n\n{rules}", "test")

    found = decide(mara.id, PRINT, "document", secret.id)
    assert (found.allowed, found.codes) == (False, ("sealed",))
    assert decide(mara.id, PRINT, "document", plan.id).allowed
    plan.name = "secret"
    office.session.commit()
    assert not check_permission(mara.id, PRINT, "document", plan.id)
    assert list_resources(mara.id, PRINT, "document").ids == ()


@pytest.mark.parametrize("office", [OPERATED], indirect=True)
def test_policies_judge_by_what_a_scan_was_registered_with(office: Office) -> None:
    mara = Colleague(id=uuid.uuid4(), name="mara")
    office.add(mara)
    plan = office.document()
    register_permission(PRINT, scope="scan", abac=True)
    rule = (
        f'deny contains "sealed" if {{\n\tinput.action.name == "{PRINT}"\n'
        "\tinput.resource.attributes.seal == true\n}\n"
    )
    PolicyManager().put("seals", f"package yoto.authz\n\n{rule}", "test")

    def put(**attributes: Any) -> None:
        at = ("document", plan.id)
        put_resource("scan", "1.pdf", parent=at, owner=mara.id, attributes=attributes)

    put(seal=False)
    assert decide(mara.id, PRINT, "scan", "1.pdf").allowed
    put(seal=True)
    found = decide(mara.id, PRINT, "scan", "1.pdf")
    assert (found.allowed, found.codes) == (False, ("sealed",))
    with pytest.raises(ValidationFailed) as refused:
        put(seal={False})
    assert list(refused.value.errors) == ["attributes"]
    assert not check_permission(mara.id, PRINT, "scan", "1.pdf")
    put_resource("scan", "1.pdf", parent=("document", plan.id), owner=mara.id)
    assert check_permission(mara.id, PRINT, "scan", "1.pdf")


def test_what_is_no_document_is_none(office: Office) -> None:
    mara = Colleague(id=uuid.uuid4(), name="mara")
    office.add(mara)
    with pytest.raises(UnknownResource):
        check_permission(mara.id, READ, "document", uuid.uuid4())
    for wrong in (7, "seven"):
        with pytest.raises(ValidationFailed):
            check_permission(mara.id, READ, "document", wrong)
    assert office.get(mara, f"/documents/{uuid.uuid4()}").status_code in (403, 404)


def test_who_is_deleted_leaves_nothing_to_whoever_gets_the_id(office: Office) -> None:
    mara, noor = (Colleague(id=uuid.uuid4(), name=name) for name in ("mara", "noor"))
    office.add(mara, noor)
    plan = office.document()
    [reader] = register_role("reader").ids
    assign_permissions_to_role(reader, [READ])
    for one in (mara, noor):
        assign(one.id, reader, at=("document", plan.id))
        assert check_permission(one.id, READ, "document", plan.id)
    [number] = office.session.scalars(
        select(RoleAssignment.user_id).order_by(RoleAssignment.id).limit(1)
    )
    soon = utcnow() + timedelta(hours=1)
    office.add(
        EmergencyAccess(user_id=number, reason="fire", until=soon),
        Device(user_id=number, name="phone", token_hash="1"),
        ApiToken(user_id=number, name="t", token_hash="2", rights=[], epoch=0, expires_at=soon),
    )

    office.session.delete(mara)
    office.session.commit()
    for model in (RoleAssignment, Device, ApiToken):
        assert not office.session.scalars(select(model).where(model.user_id == number)).all()
    assert office.session.scalars(select(EmergencyAccess)).one().ended_at is not None
    office.add(Colleague(id=mara.id, name="another"))
    assert not check_permission(mara.id, READ, "document", plan.id)
    assert check_permission(noor.id, READ, "document", plan.id)
    # So many that they are not told of one by one.
    crowd = [uuid.uuid4() for _ in range(MAX_USERS + 1)]
    office.add(*(Colleague(id=one, name="many") for one in crowd))
    assign(crowd[0], reader, at=("document", plan.id))
    office.session.execute(delete(Colleague).where(Colleague.name == "many"))
    office.session.commit()
    office.add(Colleague(id=crowd[0], name="another"))
    assert not check_permission(crowd[0], READ, "document", plan.id)


def test_a_role_that_is_deleted_leaves_nothing_to_whichever_gets_its_id(office: Office) -> None:
    mara = Colleague(id=uuid.uuid4(), name="mara")
    office.add(mara)
    [reader] = register_role("reader").ids
    register_permission("office.open", scope="global")
    assign_permissions_to_role(reader, ["office.open"])
    assign(mara.id, reader)
    delete_role(reader)
    register_role("another")
    assert not check_permission(mara.id, "office.open")
    for model in (RoleAssignment, RoleGrant):
        assert not office.session.scalars(select(model)).all()


def test_what_the_database_deletes_alone_is_swept(office: Office) -> None:
    mara, noor = uuid.uuid4(), uuid.uuid4()
    office.add(Colleague(id=mara, name="mara"), Colleague(id=noor, name="noor"))
    plan, note = office.document().id, office.document().id
    put_resource("scan", "1.pdf", parent=("document", plan))
    [reader] = register_role("reader").ids
    nodes = [("document", plan), ("document", note), ("scan", "1.pdf")]
    for one in (mara, noor):
        for node in nodes:
            assign(one, reader, at=node)
    set_overwrite(at=("document", note), role_id=reader, allow=[READ])
    office.session.remove()
    with office.engine.begin() as connection:
        connection.execute(delete(Document).where(Document.id == note))
        connection.execute(delete(Colleague).where(Colleague.id == noor))
    for _ in range(2):
        sweeper_of(office.app).sweep()
    assert [one.subject for node in nodes for one in holders(*node)] == [mara, mara]
    assert not office.session.scalars(select(ChannelOverwrite)).all()


@pytest.fixture
def eager(
    empty: str, valkey_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """One without tables that sweeps again and again."""
    monkeypatch.setattr(sweeping, "AGAIN", 0.01)
    monkeypatch.setattr(sweeping, "EVERY", 0.01)
    office = Office(empty, valkey_server.url, tmp_path)
    try:
        with office.app.app_context():
            yield office
    finally:
        office.close()


def test_an_application_with_permissions_alone_sweeps_by_itself(eager: Office) -> None:
    """The second time that it finds nobody of that id."""
    made = eager.app.test_cli_runner().invoke(args=["yoto", "setup"])
    assert made.exit_code == 0, made.output
    noor = uuid.uuid4()
    eager.add(Colleague(id=noor, name="noor"))
    assign(noor, register_role("reader").ids[0])
    eager.session.remove()
    with eager.engine.begin() as connection:
        connection.execute(delete(Colleague).where(Colleague.id == noor))

    def is_forgotten() -> bool:
        with eager.engine.connect() as connection:
            rows = select(func.count()).select_from(RoleAssignment.__table__)
            return connection.scalar(rows) == 0

    wait_until(is_forgotten)


def test_a_sweep_without_tables_says_which_command_makes_them(
    eager: Office, caplog: pytest.LogCaptureFixture
) -> None:
    def said() -> list[str]:
        return [one.getMessage() for one in caplog.records if one.name == sweeping.__name__]

    sweeper_of(eager.app).start()
    wait_until(said)
    sweeper_of(eager.app).close()
    assert [one.partition(" (")[0] for one in said()] == [
        "nothing is swept until the tables are made: run 'flask yoto setup'"
    ]


def test_every_answer_calls_people_as_the_office_does(office: Office) -> None:
    mara, boss = uuid.uuid4(), uuid.uuid4()
    office.add(Colleague(id=mara, name="mara"), Colleague(id=boss, name="boss", chief=True))
    plan = office.document().id
    at = ("document", plan)
    [reader] = register_role("reader").ids
    assign_permissions_to_role(reader, [READ])
    assign(mara, reader, at=at)
    [robot] = register_application("robot").ids
    assign(Application(robot), reader, at=at)
    set_overwrite(at=at, user_id=mara, allow=[EDIT])

    system, both = PermissionSystem(), {mara, Application(robot)}
    assert set(list_users(READ, *at).ids) == both | {boss}
    assert {one.subject for one in holders(*at)} == both
    assert {one.user_id for one in system.review.who_can(READ, *at).lines} == both | {boss}
    register_permission("office.open", scope="global")
    [keeper] = register_role("keeper").ids
    assign_permissions_to_role(keeper, ["office.open"])
    since = datetime.now(UTC)
    assign_roles_to_user(mara, [keeper], actor_id=boss)
    [gained] = system.review.difference("office.open", "global", since=since).gained
    assert (gained.user_id, gained.actor_id) == (mara, boss)

    found = explain(mara, EDIT, *at)
    assert found.user_id == mara and str(mara) in found.text
    assert [one.target for one in found.overwrites] == [f"user:{mara}"]
    assert {one.detail["user_id"] for one in found.changes if "user_id" in one.detail} <= {mara}
    assert json.loads(json.dumps(found.to_dict()))["user_id"] == str(mara)
    robots = explain(Application(robot), READ, *at)
    assert (robots.user_id, robots.to_dict()["user_id"]) == (
        Application(robot),
        f"application:{robot}",
    )
