"""Access requests in somebody else's application: each kind of denial leads to the same one."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select

from tests.integration.yoto.embed.test_authzen import Desk, desk, office
from tests.integration.yoto.embed.test_resources import EDIT, OPERATED, Workspace
from yoto import require_permission
from yoto.rooms.access_requests.views import access_requests
from yoto.settings import EXTENSION as SETTINGS

__all__ = ["desk", "office"]

pytestmark = pytest.mark.parametrize(
    "office", [OPERATED | {"rooms": "access_requests,authzen,policies"}], indirect=True
)


def test_a_denial_says_where_to_ask_whoever_answers_it(desk: Desk) -> None:  # noqa: F811
    app = desk.office.app
    app.register_blueprint(access_requests)

    @app.get("/edit/<uuid:document_id>")
    @require_permission(EDIT, scope="document", scope_id="document_id")
    def edit(document_id: uuid.UUID) -> str:
        return "edited"

    document = desk.documents[0]
    question = {
        "subject": {"type": "user", "id": str(desk.mara.id)},
        "action": {"name": EDIT},
        "resource": {"type": "document", "id": str(document)},
    }
    with app.app_context():
        by_view = desk.office.get(desk.mara, f"/edit/{document}")
    assert by_view.status_code == 403, by_view.text
    one = desk.ask("/access/v1/evaluation", question, desk.mara).json
    many = {**question, "evaluations": [{"action": {"name": EDIT}}]}
    answer = desk.ask("/access/v1/evaluations", many, desk.mara)
    assert answer.status_code == 200, answer.text
    [among] = answer.json["evaluations"]
    ways: list[dict[str, Any]] = [
        by_view.json["access_request"],
        one["context"]["access_request"],
        among["context"]["access_request"],
    ]
    asked = []
    for way in ways:
        path = way.pop("href", None) or way.pop("endpoint")
        answer = desk.ask(path, {**way, "reason": "a word is wrong"}, desk.mara)
        assert answer.status_code == 201, answer.text
        asked.append(answer.json["id"])
    assert len(set(asked)) == 1


OWN = {"Content-Type": "application/json"}
FORGED = {
    "a form": {"Content-Type": "application/x-www-form-urlencoded"},
    "a form of another site": {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": "https://evil.example",
    },
    "nothing said": {},
    "a script of another site": OWN | {"Sec-Fetch-Site": "cross-site"},
    "a page beside ours": OWN | {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    "another origin": OWN | {"Origin": "https://evil.example"},
    "an origin that is kept secret": OWN | {"Origin": "null"},
    "another port": OWN | {"Origin": "http://localhost:8080"},
    "a password that the browser keeps": {"Authorization": "Basic bWFyYTpwYXNz"},
}
OWN_PAGES = {
    "grant": OWN | {"Sec-Fetch-Site": "same-origin", "Origin": "https://before-the-proxy.example"},
    "end": OWN | {"Origin": "http://localhost"},
    "refuse": {"Authorization": "Bearer of-a-program", "Origin": "https://elsewhere.example"},
    "withdraw": OWN | {"Sec-Fetch-Site": "none"},
}


@pytest.mark.parametrize("step", OWN_PAGES)
def test_no_page_of_another_site_takes_a_step_for_somebody(
    desk: Desk, step: str  # noqa: F811
) -> None:
    office = desk.office  # noqa: F811
    office.app.register_blueprint(access_requests)
    office.session.scalars(select(Workspace)).one().owner_id = desk.boss.id
    office.session.commit()
    path = "/api/v1/access-requests"
    right = {"permission": EDIT, "scope": "document", "scope_id": str(desk.documents[0])}
    asked = desk.ask(path, right | {"reason": "a word is wrong"}, desk.mara)
    assert asked.status_code == 201, asked.text
    one = f"{path}/{asked.json['id']}"
    if step == "end":
        assert desk.ask(f"{one}/grant", {}, desk.boss).json["state"] == "granted"
    who = {"Who": str((desk.mara if step == "withdraw" else desk.boss).id)}

    def post(headers: dict[str, str]) -> Any:
        with office.app.app_context():
            return office.app.test_client().post(f"{one}/{step}", headers=who | headers)

    before = desk.ask(f"{path}", right | {"reason": "again"}, desk.mara).json["state"]
    for called, headers in FORGED.items():
        answer = post(headers)
        assert answer.status_code in (403, 415), (called, answer.text)
        assert answer.mimetype == "application/problem+json", called
        assert "another site" in answer.json["detail"] or "application/json" in answer.text, called
    assert desk.ask(path, right | {"reason": "again"}, desk.mara).json["state"] == before
    done = post(OWN_PAGES[step])
    assert done.status_code == 200, done.text
    assert done.json["state"] != before


def test_no_page_of_another_site_asks_for_somebody(desk: Desk) -> None:  # noqa: F811
    app = desk.office.app
    app.register_blueprint(access_requests)
    app.extensions[SETTINGS]["PUBLIC_URL"] = "https://office.example/app"
    asked = {
        "permission": EDIT,
        "scope": "document",
        "scope_id": str(desk.documents[0]),
        "reason": "a word is wrong",
    }
    path, who = "/api/v1/access-requests", {"Who": str(desk.mara.id)}
    for headers, status in (
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://office.example"}, 201),
    ):
        assert desk.send(path, asked, who | headers).status_code == status, headers
