"""AuthZEN in somebody else's application: documents, files, programs and teams."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

import pytest

from tests.integration.yoto.embed.test_resources import (
    EDIT,
    OPERATED,
    READ,
    Colleague,
    Document,
    Membership,
    Office,
    Project,
    Workspace,
    office,
)
from yoto import (
    PUBLIC,
    Application,
    Team,
    assign,
    assign_permissions_to_role,
    create_team,
    register_application,
    register_role,
)
from yoto.rooms.policies import PolicyManager

__all__ = ["office"]

pytestmark = pytest.mark.parametrize(
    "office", [OPERATED | {"rooms": "authzen,policies"}], indirect=True
)

SUBJECT, RESOURCE, ACTION = (
    f"/access/v1/search/{kind}" for kind in ("subject", "resource", "action")
)


class Desk(NamedTuple):
    """An office with three documents of one project, and who asks about them."""

    office: Office
    mara: Colleague
    boss: Colleague
    documents: list[uuid.UUID]
    reader: int

    def ask(self, path: str, body: dict[str, Any], who: Colleague | None = None) -> Any:
        return self.send(path, body, {"Who": str((who or self.boss).id)})

    def send(self, path: str, body: Any, headers: dict[str, str]) -> Any:
        # Requests within one context would share the caller.
        with self.office.app.app_context():
            return self.office.app.test_client().post(path, json=body, headers=headers)

    def results(self, path: str, body: dict[str, Any], **page: Any) -> Any:
        answer = self.ask(path, body | {"page": page})
        assert answer.status_code == 200, answer.text
        return answer.get_json()["results"]

    def decision(self, subject: dict[str, str], name: str, document: Any) -> Any:
        resource = {"type": "document", "id": str(document)}
        body = {"subject": subject, "action": {"name": name}, "resource": resource}
        return self.ask("/access/v1/evaluation", body).get_json()


@pytest.fixture
def desk(office: Office) -> Desk:  # noqa: F811
    mara, boss = (Colleague(id=uuid.uuid4(), name=name) for name in ("mara", "boss"))
    office.add(mara, boss)
    here = Workspace(id=uuid.uuid4(), name="here")
    office.add(here)
    site = Project(id=uuid.uuid4(), name="site", workspace_id=here.id)
    office.add(Membership(workspace_id=here.id, colleague_id=mara.id), site)
    documents = sorted(uuid.uuid4() for _ in range(3))
    office.add(*(Document(id=one, name=one.hex, project_id=site.id) for one in documents))
    PolicyManager().sync_defaults()
    [reader] = register_role("reader").ids
    assign_permissions_to_role(reader, [READ])
    [auditor] = register_role("auditor").ids
    assign_permissions_to_role(auditor, ["admin.audit"])
    assign(boss.id, auditor)
    assign(mara.id, reader, at=("project", site.id))
    return Desk(office, mara, boss, documents, reader)


def user(who: Colleague) -> dict[str, str]:
    return {"type": "user", "id": str(who.id)}


def test_a_document_and_a_person_are_known_by_their_own_ids(desk: Desk) -> None:
    mara, document = user(desk.mara), desk.documents[0]
    assert desk.decision(mara, "read", document) == {"decision": True}
    assert desk.decision(mara, EDIT, document) == {
        "decision": False,
        "context": {"reason": "not_granted"},
    }
    for unknown in (uuid.uuid4(), "7", "no document"):
        assert desk.decision(mara, READ, unknown)["context"] == {"reason": "unknown_resource"}
    for nobody in (str(uuid.uuid4()), "1", "mara"):
        found = desk.decision({"type": "user", "id": nobody}, READ, document)
        assert found["context"] == {"reason": "unknown_user"}

    shown = {"type": "document", "id": str(document)}
    asked = {"subject": {"type": "user"}, "action": {"name": READ}, "resource": shown}
    assert desk.results(SUBJECT, asked) == [
        mara | {"properties": {"user_id": mara["id"], "username": "mara"}}
    ]
    assert desk.results(ACTION, {"subject": mara, "resource": shown}) == [{"name": READ}]


def test_documents_are_found_page_by_page(desk: Desk) -> None:
    body = {
        "subject": user(desk.mara),
        "action": {"name": "read"},
        "resource": {"type": "document"},
    }
    found: list[str] = []
    page: dict[str, Any] = {"limit": 2}
    while page.get("token") != "":
        answer = desk.ask(RESOURCE, body | {"page": page}, desk.mara).get_json()
        found += [one["id"] for one in answer["results"]]
        page["token"] = answer["page"]["next_token"]
    assert sorted(found) == [str(one) for one in desk.documents]
    forged = f"7.{'0' * 16}"
    refused = desk.ask(RESOURCE, body | {"page": {"token": forged}}, desk.mara)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (400, ["page.token"])


def test_programs_teams_and_the_public_are_subjects(desk: Desk) -> None:
    [scanner], [artists] = register_application("scanner").ids, create_team("artists").ids
    first, second, third = desk.documents
    assign(Application(scanner), desk.reader, at=("document", first))
    assign(Team(artists), desk.reader, at=("document", first))
    assign(PUBLIC, desk.reader, at=("document", second))
    program, public = {"type": "application", "id": str(scanner)}, {"type": "public", "id": "any"}
    allowed = [
        [desk.decision(one, READ, d)["decision"] for d in (first, second, third)]
        for one in (program, public)
    ]
    assert allowed == [[True, True, False], [False, True, False]]
    # A set does nothing itself.
    team = {"type": "team", "id": str(artists)}
    assert desk.decision(team, READ, first)["context"] == {"reason": "unknown_user"}

    def who(kind: str, document: uuid.UUID) -> Any:
        resource = {"type": "document", "id": str(document)}
        body = {"subject": {"type": kind}, "action": {"name": READ}, "resource": resource}
        return desk.results(SUBJECT, body)

    assert (who("application", first), who("team", first)) == ([program], [team])
    assert [one["id"] for one in who("user", first)] == [str(desk.mara.id)]
    assert (who("application", third), who("team", third)) == ([], [])
    search = {"action": {"name": READ}, "resource": {"type": "document"}}
    found = desk.results(RESOURCE, search | {"subject": program})
    assert {one["id"] for one in found} == {str(first), str(second)}


def test_what_the_caller_may_not_know_is_not_told(desk: Desk) -> None:
    body = {
        "subject": user(desk.boss),
        "action": {"name": READ},
        "resource": {"type": "document", "id": str(desk.documents[0])},
    }
    denied = desk.ask("/access/v1/evaluation", body, desk.mara)
    assert (denied.status_code, denied.mimetype) == (403, "application/problem+json")
    assert desk.send("/access/v1/evaluation", body, {}).status_code == 401
    stranger = Colleague(id=uuid.uuid4(), name="stranger")
    desk.office.add(stranger)
    hidden = desk.ask("/access/v1/evaluation", body | {"subject": user(stranger)}, stranger)
    assert hidden.get_json()["context"] == {"reason": "unknown_resource"}
    found = desk.office.get(None, "/.well-known/authzen-configuration").get_json()
    assert found["search_subject_endpoint"].endswith(SUBJECT)
