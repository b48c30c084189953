"""``roles=roles_by(function)``: roles that an application knows of elsewhere."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.integration.yoto.embed.test_permissions import ORDER, Shop
from tests.integration.yoto.embed.test_resources import (
    EDIT,
    READ,
    Colleague,
    Document,
    Membership,
    Office,
    Project,
    Workspace,
)
from tests.support.redis_servers import Server
from yoto import (
    ConfigurationError,
    PermissionDenied,
    PersonFacts,
    ProvidedRole,
    StoreUnavailable,
    ValidationFailed,
    assign_permissions_to_role,
    assign_roles_to_user,
    batch_check_permissions,
    check_many,
    check_permission,
    decide,
    delete_role,
    explain,
    has_role,
    invalidate_all,
    list_resources,
    list_users,
    people_by,
    people_changed,
    register_permission,
    register_role,
    roles_by,
    roles_changed,
    update_role,
    visible,
)
from yoto.api.permissions.insight import insight
from yoto.http.declared import people_blueprint
from yoto.permission import PermissionSystem, acting_as
from yoto.rooms.review.views import review
from yoto.store.models import RolesAsked

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Groups:
    """The company's directory: who is in which group.

    Attributes:
        of: by id, what each gives.
        calls: the ids of each question.
        before: done before each answer.
    """

    def __init__(self) -> None:
        self.of: dict[Any, Any] = {}
        self.calls: list[list[Any]] = []
        self.before: Callable[[], object] = lambda: None

    def __call__(self, ids: list[Any]) -> dict[Any, Any]:
        self.calls.append(ids)
        self.before()
        return {id_: self.of[id_] for id_ in ids if id_ in self.of}


class Desk(Shop):
    """A shop that knows of roles by the groups of a directory."""

    def __init__(self, url: str, redis: str, folder: Path, groups: Groups, **more: Any) -> None:
        self.groups = groups
        provided = roles_by(groups, deadline=more.pop("deadline", 10.0))
        super().__init__(url, redis, folder, roles=provided, **more)
        made = self.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        with self.app.app_context():
            register_permission(ORDER, scope="global")
            [self.clerk] = register_role("clerk").ids
            assign_permissions_to_role(self.clerk, [ORDER])

    def age(self) -> None:
        """Have all answers be too old, and nothing in memory."""
        self.session.commit()
        with self.engine.begin() as connection:
            connection.execute(update(RolesAsked.__table__).values(asked_at=LONG_AGO))
        with self.app.app_context():
            invalidate_all()


@pytest.fixture
def groups() -> Groups:
    return Groups()


@pytest.fixture
def desk(url: str, valkey_server: Server, tmp_path: Path, groups: Groups) -> Iterator[Desk]:
    desk = Desk(url, valkey_server.url, tmp_path, groups, rooms="review")
    with desk.app.app_context():
        yield desk
    desk.close()


@pytest.fixture
def mara(desk: Desk) -> uuid.UUID:
    """A clerk by her group."""
    mara = desk.add("mara@shop")
    desk.groups.of[mara] = ["clerk"]
    return mara


def test_a_provided_role_counts_as_an_assigned_one_does(desk: Desk, mara: uuid.UUID) -> None:
    tomas = desk.add("tomas@shop")
    assert (desk.refund(mara), desk.refund(tomas)) == (200, 403)
    assert batch_check_permissions([mara, tomas], ORDER) == {mara: True, tomas: False}
    assert check_many(mara, [(ORDER, None, None)]) == [True]
    with acting_as(mara):
        assert has_role("clerk")
    found = explain(mara, ORDER)
    assert found.allowed and found.agrees
    assert [(link.name, link.through) for link in found.roles] == [("clerk", "provider")]
    assert "clerk" in str(found) and "by provider" in str(found)
    update_role(desk.clerk, active=False)
    assert not check_permission(mara, ORDER)


def test_a_provided_role_denies(desk: Desk, mara: uuid.UUID) -> None:
    [suspended] = register_role("suspended").ids
    assign_permissions_to_role(suspended, [ORDER], effect="deny")
    assert check_permission(mara, ORDER)
    desk.groups.of[mara] = ("clerk", "suspended")
    roles_changed([mara])
    assert not check_permission(mara, ORDER)
    # A person who cannot be asked about is not allowed what a denial might take.
    desk.groups.before = lambda: 1 / 0
    desk.age()
    assert desk.refund(mara) == 503


def test_an_answer_counts_until_it_is_too_old_or_said_to_have_changed(
    desk: Desk, mara: uuid.UUID
) -> None:
    assert desk.refund(mara) == desk.refund(mara) == 200
    assert desk.groups.calls == [[mara]]
    desk.groups.of.clear()
    assert desk.refund(mara) == 200
    desk.age()
    assert desk.refund(mara) == 403
    desk.groups.of[mara] = {"clerk"}
    assert desk.refund(mara) == 403
    roles_changed([mara])
    assert desk.refund(mara) == 200
    assert desk.groups.calls == [[mara]] * 3
    with pytest.raises(ValidationFailed, match="several"):
        roles_changed("mara")


def test_every_worker_hears_of_a_change(
    desk: Desk, mara: uuid.UUID, url: str, valkey_server: Server, tmp_path: Path
) -> None:
    by_groups = roles_by(desk.groups, deadline=10.0)
    other = Shop(url, valkey_server.url, tmp_path, prefix=desk.prefix, roles=by_groups)
    try:
        with other.app.app_context():
            assert check_permission(mara, ORDER)
        desk.groups.of.clear()
        position = roles_changed([mara]).position
        with other.app.app_context():
            assert not decide(mara, ORDER, at_least=position).allowed
    finally:
        other.close()


def test_no_verdict_outlives_the_end_of_a_provided_role(desk: Desk, mara: uuid.UUID) -> None:
    now = datetime.now(UTC)
    desk.groups.of[mara] = [ProvidedRole("clerk", until=now - timedelta(seconds=1))]
    assert not check_permission(mara, ORDER)
    until = now + timedelta(seconds=50)
    # Said twice, it is held for the longer time.
    desk.groups.of[mara] = [ProvidedRole("clerk", until=now), ProvidedRole("clerk", until=until)]
    roles_changed([mara])
    found = explain(mara, ORDER)
    assert found.allowed and found.valid_until == until


def test_a_name_that_no_role_has_counts_as_nothing_and_is_logged_once(
    desk: Desk, mara: uuid.UUID, caplog: pytest.LogCaptureFixture
) -> None:
    desk.groups.of[mara] = [
        "Clerk",
        "clerk",
        "@everyone",
        ProvidedRole("clerk", at=("ward", 7)),
        ProvidedRole("guest", home=("ward", 7)),
    ]
    assert check_permission(mara, ORDER)
    roles_changed([mara])
    assert check_permission(mara, ORDER)
    told = [one.args for one in caplog.records if "role provider" in one.message]
    assert told == list(dict.fromkeys(told)) and {one[1] for one in told if one} == {
        "Clerk",
        "@everyone",
        "ward 7",
    }
    # One that is made afterwards counts once somebody asks again.
    [other] = register_role("Clerk").ids
    delete_role(desk.clerk)
    assert not check_permission(mara, ORDER)
    assign_permissions_to_role(other, [ORDER])
    roles_changed([mara])
    assert check_permission(mara, ORDER)


@pytest.mark.parametrize("answer", [None, "clerk", {"clerk": 1}, [1], 7])
def test_an_answer_that_is_none_allows_nobody(desk: Desk, mara: uuid.UUID, answer: Any) -> None:
    desk.groups.of[mara] = answer
    assert desk.refund(mara) == 503
    with pytest.raises(StoreUnavailable):
        list_users(ORDER, "global")
        batch_check_permissions([mara], ORDER)


def test_who_may_says_that_it_lacks_people_nobody_asked_about(desk: Desk, mara: uuid.UUID) -> None:
    page = list_users(ORDER, "global")
    assert (page.ids, page.incomplete) == ((), "provided_roles")
    assert check_permission(mara, ORDER)
    desk.session.rollback()
    page = list_users(ORDER, "global")
    assert (page.ids, page.incomplete) == ((mara,), None)
    review = PermissionSystem().review.who_can(ORDER, "global")
    assert [one.username for one in review.lines] == ["mara@shop"] and review.incomplete is None
    assert review.lines[0].since is None and review.lines[0].ways[0].role == "clerk"
    # Before a list is read, everybody is asked about whose answer is too old.
    desk.groups.of.clear()
    desk.age()
    assert list_users(ORDER, "global").ids == ()


def test_so_do_all_interfaces(
    url: str, valkey_server: Server, tmp_path: Path, groups: Groups
) -> None:
    operated = {"control_plane": True, "operators": lambda: "admin", "sign_in": "nowhere"}
    desk = Desk(
        url, valkey_server.url, tmp_path, groups, rooms="authzen,policies,review", **operated
    )
    for blueprint in (people_blueprint(insight), review):
        desk.app.register_blueprint(blueprint)
    with desk.app.app_context():
        boss, mara = desk.add("root@shop", boss=True), desk.add("mara@shop")
        groups.of[mara] = ["clerk"]
        check_permission(boss, ORDER)
    client, runner = desk.app.test_client(), desk.app.test_cli_runner()
    who, question = {"Who": str(boss)}, {"permission": ORDER, "scope": "global"}
    rest, control = "/api/v1/permissions", "/control/api"
    paths = (f"{rest}/users", f"{rest}/review", f"{control}/search/who", f"{control}/review")
    export = f"{control}/review/export"
    files = ((f"{rest}/review", "csv"), (export, "csv"), (export, "json"))
    everywhere = {"type": "global", "id": "global"}
    searched = {"subject": {"type": "user"}, "action": {"name": ORDER}, "resource": everywhere}

    def exported(path: str, form: str) -> str | None:
        file = client.get(path, query_string={**question, "format": form}, headers=who)
        assert "root@shop" in file.get_data(as_text=True)
        why = file.headers.get("X-Yoto-Incomplete")
        assert ("-incomplete." in file.headers["Content-Disposition"]) is (why is not None)
        return why

    def said() -> list[Any]:
        pages = [client.get(path, query_string=question, headers=who) for path in paths]
        found = client.post("/access/v1/search/subject", json=searched, headers=who).get_json()
        command = runner.invoke(args=["yoto", "permission", "review", ORDER, "--format", "json"])
        lines = json.loads(command.stdout)
        assert len(lines) == len(found["results"]) == len(pages[-1].get_json()["items"])
        return [
            *(page.get_json()["incomplete"] for page in pages),
            *(exported(path, form) for path, form in files),
            found.get("context", {}).get("incomplete"),
            command.stderr,
        ]

    try:
        *codes, line = said()
        assert codes == ["provided_roles"] * 8 and line.startswith("People may be missing")
        with desk.app.app_context():
            check_permission(mara, ORDER)
        assert said() == [None] * 8 + [""]
    finally:
        desk.close()


def test_a_provided_role_gives_no_rank_and_is_nobodys_to_take(desk: Desk, mara: uuid.UUID) -> None:
    tomas = desk.add("tomas@shop")
    update_role(desk.clerk, position=5)
    [low] = register_role("helper", position=1).ids
    with pytest.raises(PermissionDenied):
        assign_roles_to_user(tomas, [low], actor_id=mara)
    assign_roles_to_user(mara, [desk.clerk])
    assign_roles_to_user(tomas, [low], actor_id=mara)


def test_people_and_roles_may_both_be_elsewhere(
    empty: str, valkey_server: Server, tmp_path: Path, groups: Groups
) -> None:
    staff = {"mara": PersonFacts("Mara"), "tomas": PersonFacts("Tomas")}
    users = people_by(
        lambda ids: {one: staff[one] for one in ids if one in staff}, ids=str, deadline=10.0
    )
    desk = Desk(empty, valkey_server.url, tmp_path, groups, users=users)
    groups.of |= {"mara": ["clerk"], "nobody": ["clerk"]}
    try:
        assert [desk.refund(who) for who in ("mara", "tomas", "nobody")] == [200, 403, 403]
        with desk.app.app_context():
            assert list_users(ORDER, "global").ids == ("mara",)
            staff["mara"] = PersonFacts("Mara", disabled=True)
            people_changed(["mara"])
            assert not check_permission("mara", ORDER)
        assert ["nobody"] not in groups.calls
    finally:
        desk.close()


def test_roles_are_provided_at_nodes_and_of_homes(
    url: str, valkey_server: Server, tmp_path: Path, groups: Groups
) -> None:
    office = Office(url, valkey_server.url, tmp_path, roles=roles_by(groups, deadline=10.0))
    office.session.configure(expire_on_commit=False)
    try:
        assert office.app.test_cli_runner().invoke(args=["yoto", "setup"]).exit_code == 0
        mara = Colleague(id=uuid.uuid4(), name="mara")
        here = Workspace(id=uuid.uuid4(), name="here")
        office.add(mara, here)
        site, shop = (
            Project(id=uuid.uuid4(), name=name, workspace_id=here.id) for name in ("site", "shop")
        )
        office.add(Membership(workspace_id=here.id, colleague_id=mara.id), site, shop)
        plan, note = (
            Document(id=uuid.uuid4(), name=name, project_id=one.id)
            for name, one in (("plan", site), ("note", shop))
        )
        office.add(plan, note)
        groups.of[mara.id] = [
            ProvidedRole("reader", at=("project", site.id)),
            ProvidedRole("editor", home=("workspace", here.id)),
        ]
        with office.app.app_context():
            for name in (READ, EDIT):
                register_permission(name, scope="document")
            [reader] = register_role("reader").ids
            [editor] = register_role("editor", home=("workspace", here.id)).ids
            assign_permissions_to_role(reader, [READ])
            assign_permissions_to_role(editor, [EDIT])

            def found(name: str) -> set[str]:
                rows = office.session.scalars(visible(select(Document), mara.id, name))
                return {one.name for one in rows}

            assert found(READ) == {"plan"} and found(EDIT) == {"plan", "note"}
            assert list_resources(mara.id, READ, "document").ids == (plan.id,)
            groups.of[mara.id] = [ProvidedRole("reader", at=("project", shop.id))]
            roles_changed([mara.id])
            assert found(READ) == {"note"} and found(EDIT) == set()
        assert office.get(mara, f"/documents/{note.id}").status_code == 200
    finally:
        office.close()


def test_settings_and_roles_that_are_none_are_named() -> None:
    for wrong in ({"role": 7}, {"at": ("project",)}, {"home": "here"}, {"until": datetime.max}):
        with pytest.raises(TypeError, match=next(iter(wrong))):
            ProvidedRole(**{"role": "clerk"} | wrong)  # type: ignore[arg-type]
    for given in ({"function": None}, {"max_age": 0.0}, {"deadline": -1.0}):
        with pytest.raises(ConfigurationError) as refused:
            roles_by(**{"function": lambda ids: {}} | given)  # type: ignore[arg-type]
        assert refused.value.key == "roles"
