"""Roles of a document over REST, by somebody who shares it and administers nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.support import papers
from tests.support.papers import EDIT, READ, Papers
from tests.support.world import Person, World
from yoto.extensions import permissions
from yoto.permission import PolicyAnswer, PolicyQuestion
from yoto.permission.state import get_state
from yoto.store.db import db
from yoto.store.declarations import declarations_of
from yoto.store.models import AuditRecord, Role

HOLDERS = "/api/v1/permissions/holders"
SHARE, OFFER = "document.share", "document.offer"
ROLES = {"viewer": (READ,), "editor": (READ, EDIT, SHARE), "keeper": (READ, EDIT, SHARE)}


class Shared:
    """A document with an editor, somebody who only reads it, and an outsider."""

    def __init__(self, app: Flask, client: FlaskClient, world: World, made: Papers) -> None:
        self._app, self._client = app, client
        owner = world.user("owner")
        self.editor, self.reader, self.outsider = map(world.user, ("editor", "reader", "outsider"))
        self.workspace = made.workspace(owner, self.editor, self.reader)
        self.document = made.document(self.workspace)
        with app.app_context():
            permissions.register_permission(SHARE, scope="document")
            permissions.register_permission(OFFER, scope="document", abac=True)
            permissions.sync_declared_roles()
            for person, role in ((self.editor, "editor"), (self.reader, "viewer")):
                permissions.assign(person.id, role, at=("document", self.document))

    def give(self, actor: Person, role: Any, method: str = "PUT", **more: Any) -> Any:
        """The answer to giving the outsider a role, or taking it, at the document."""
        asked: dict[str, Any] = {
            "scope": "document",
            "scope_id": str(self.document),
            "subject": f"user:{self.outsider.id}",
            "role_id": role,
            **more,
        }
        options: dict[str, Any] = {"json": asked} if method == "PUT" else {"query_string": asked}
        return self._client.open(HOLDERS, method=method, headers=actor.headers, **options)

    def take(self, actor: Person, role: Any) -> Any:
        return self.give(actor, role, "DELETE")

    def may(self, name: str = READ) -> bool:
        with self._app.app_context():
            return permissions.check_permission(self.outsider.id, name, "document", self.document)

    def id_of(self, role: str) -> int:
        with self._app.app_context():
            found = db.session.scalar(select(Role.id).where(Role.name == role))
        assert found is not None
        return found


@pytest.fixture
def shared(
    app: Flask, client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shared]:
    monkeypatch.setattr(declarations_of(app), "named_roles", ROLES)
    with papers.declared(app, {SHARE: ["viewer", "editor"], OFFER: ["viewer"]}) as made:
        yield Shared(app, client, world, made)


def refusal(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.get_json().get("reason")


@pytest.mark.parametrize("by_name", [True, False])
def test_an_editor_gives_and_takes_the_shared_roles_and_is_recorded(
    app: Flask, shared: Shared, by_name: bool
) -> None:
    for name in ("viewer", "editor"):
        role = name if by_name else shared.id_of(name)
        assert shared.give(shared.editor, role, reason="for the review").status_code == 204
        assert shared.may() and shared.may(EDIT) == (name == "editor")
        with app.app_context():
            last = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(1)
            record = db.session.scalars(last).one()
            said = record.action, record.actor_id, record.reason
        assert said == ("role.assign", shared.editor.id, "for the review")
        assert shared.take(shared.editor, role).status_code == 204
        assert not shared.may()


def test_the_rules_of_sharing_decide_what_an_editor_gives(app: Flask, shared: Shared) -> None:
    with app.app_context():
        permissions.set_overwrite(
            at=("document", shared.document), user_id=shared.editor.id, deny=[EDIT]
        )
    assert refusal(shared.give(shared.editor, "editor")) == (403, "lacks_permission")
    assert shared.give(shared.editor, "viewer").status_code == 204


def test_without_a_share_of_the_role_there_nothing_more_is_given_than_before(
    app: Flask, shared: Shared, world: World
) -> None:
    before = world.snapshot()
    for role in ("keeper", shared.id_of("keeper"), "nobody's", 987_654):
        for ask in (shared.give, shared.take):
            assert refusal(ask(shared.editor, role)) == (403, "not_administrator"), role
    for role in ("viewer", "nobody's"):
        for ask in (shared.give, shared.take):
            assert refusal(ask(shared.reader, role)) == (403, "not_administrator")
            assert ask(shared.outsider, role).status_code == 404
    above = {"scope": "workspace", "scope_id": str(shared.workspace)}
    assert refusal(shared.give(shared.editor, "viewer", **above))[0] in (403, 404)
    assert world.snapshot() == before


def test_policies_are_asked_about_the_right_to_share(
    app: Flask, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [PolicyAnswer(False, "late"), PolicyAnswer(True, "fine")]
    asked: list[str] = []

    def judge(question: PolicyQuestion) -> PolicyAnswer:
        asked.append(question.permission)
        return answers.pop(0)

    with app.app_context():
        at = ("document", shared.document)
        permissions.set_overwrite(at=at, user_id=shared.reader.id, allow=[OFFER])
        monkeypatch.setattr(get_state(), "policy", judge)
    assert refusal(shared.give(shared.reader, "viewer")) == (403, "not_administrator")
    assert not shared.may()
    assert shared.give(shared.reader, "viewer").status_code == 204
    assert asked == [OFFER, OFFER]
