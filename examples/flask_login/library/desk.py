"""The work at the desk: fines, and members who never bring anything back."""

from flask import Blueprint, abort, request
from flask_login import login_required

from yoto import rate_limit, require_permission

from .db import session
from .members import member_called

desk = Blueprint("desk", __name__)
TITLES = ["Small Gods", "The Dispossessed", "Piranesi"]


@desk.get("/books")
@rate_limit("books")
def books() -> dict[str, list[str]]:
    words = request.args.get("q", "").lower()
    return {"found": [title for title in TITLES if words in title.lower()]}


@desk.post("/fines/<int:number>/waive")
@login_required
@require_permission("fine.waive")
def waive(number: int) -> dict[str, int]:
    return {"waived": number}


@desk.post("/members/<email>/bar")
@login_required
@require_permission("member.bar")
def bar(email: str) -> dict[str, str]:
    member = member_called(email)
    if member is None:
        abort(404)
    member.barred = True
    session.commit()
    return {"barred": member.email}
