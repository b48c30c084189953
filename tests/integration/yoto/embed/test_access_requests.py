"""Access requests in somebody else's application: each kind of denial leads to the same one."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.integration.yoto.embed.test_authzen import Desk, desk, office
from tests.integration.yoto.embed.test_resources import EDIT, OPERATED
from yoto import require_permission
from yoto.api.permissions import access_requests

__all__ = ["desk", "office"]

pytestmark = pytest.mark.parametrize("office", [OPERATED], indirect=True)


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
