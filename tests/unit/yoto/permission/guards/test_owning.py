"""Own things: who passes a decorator without the permission, and who does not."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask, Request
from werkzeug.exceptions import NotFound, Unauthorized

from tests.unit.yoto.permission.conftest import FakeSource
from yoto.errors import ConfigurationError, PermissionDenied, ValidationFailed
from yoto.permission import (
    NO_PERSON,
    acting_as,
    require_expression,
    require_permission,
    require_permissions,
)
from yoto.permission.registry.scopes import GLOBAL, Place
from yoto.permission.state import EXTENSION, SuperAdminUse
from yoto.permission.verdict.resolver import MembershipStatus

IN_CHANNEL = {"scope": "channel", "scope_id": "channel_id"}
AUTHORS: dict[str, Any] = {"mine": 2, "theirs": 4, "nobodys": None, "odd": "2", "lost": NO_PERSON}


def author(request: Request) -> Any:
    name = request.args["post"]
    if name == "broken":
        raise ZeroDivisionError
    if name not in AUTHORS:
        raise NotFound()
    return AUTHORS[name]


@pytest.fixture
def posts(bare_app: Flask, source: FakeSource) -> Flask:
    """A view of posts; account 2 makes the requests and has no permission."""

    @bare_app.get("/<int:channel_id>")
    @require_permission("message.pin", **IN_CHANNEL, owner=author)
    def view(channel_id: int) -> str:
        return "done"

    bare_app.register_error_handler(
        PermissionDenied, lambda error: (str(error.decision.reason), 403)
    )
    bare_app.register_error_handler(ValidationFailed, lambda error: (str(error), 422))
    bare_app.extensions[EXTENSION].subject_loader = lambda: 2
    source.give(2, place=GLOBAL)
    source.give(2)
    return bare_app


@pytest.mark.parametrize(
    ("post", "status"),
    [("mine", 200), ("theirs", 403), ("nobodys", 403), ("odd", 422), ("lost", 403), ("gone", 404)],
)
def test_who_owns_it_passes_without_the_permission(posts: Flask, post: str, status: int) -> None:
    assert posts.test_client().get(f"/3?post={post}").status_code == status


@pytest.mark.parametrize("post", ["mine", "theirs", "nobodys"])
def test_who_has_the_permission_passes_whose_ever_it_is(
    posts: Flask, source: FakeSource, post: str
) -> None:
    source.give(2, "message.pin")
    assert posts.test_client().get(f"/3?post={post}").status_code == 200


def test_a_callable_that_fails_lets_nobody_in(posts: Flask, source: FakeSource) -> None:
    source.give(2, "message.pin")
    posts.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ZeroDivisionError):
        posts.test_client().get("/3?post=broken")


@pytest.mark.parametrize("standing", [MembershipStatus.DISABLED, MembershipStatus.UNKNOWN])
def test_an_account_that_may_do_nothing_owns_nothing(
    posts: Flask, source: FakeSource, standing: MembershipStatus
) -> None:
    for place in (GLOBAL, Place("channel", 3)):
        source.give(2, place=place, standing=standing)
    answer = posts.test_client().get("/3?post=mine")
    assert (answer.status_code, answer.text) == (
        403,
        standing.name.lower().replace("unknown", "unknown_user"),
    )


def test_nobody_owns_nothing(posts: Flask) -> None:
    def nobody() -> int:
        raise Unauthorized()

    posts.extensions[EXTENSION].subject_loader = nobody
    assert posts.test_client().get("/3?post=nobodys").status_code == 401
    posts.extensions[EXTENSION].subject_loader = lambda: NO_PERSON
    assert posts.test_client().get("/3?post=lost").status_code == 403


def test_owning_uses_no_power(posts: Flask, source: FakeSource, uses: list[SuperAdminUse]) -> None:
    source.give(2, only_as_super_admin=["message.pin"])
    client = posts.test_client()
    assert client.get("/3?post=mine").status_code == 200
    assert uses == []
    assert client.get("/3?post=theirs").status_code == 200
    assert len(uses) == 1


def test_an_argument_may_name_the_owner(bare_app: Flask, source: FakeSource) -> None:
    @require_permissions(["message.pin", "message.send"], owner="user_id")
    @require_expression("message.pin OR message.send", owner="user_id")
    def profile(user_id: int | None = None) -> str:
        return "done"

    pages = Blueprint("pages", __name__)
    pages.add_url_rule("/<int:user_id>", "a", lambda user_id: "page")
    pages.add_url_rule("/", "b", lambda: "page")
    require_permission("message.pin", owner="user_id")(pages)
    bare_app.register_blueprint(pages, url_prefix="/pages")
    bare_app.config["PROPAGATE_EXCEPTIONS"] = True
    bare_app.extensions[EXTENSION].subject_loader = lambda: 2
    source.give(2, place=GLOBAL)
    with bare_app.app_context(), acting_as(2):
        assert profile(2) == profile(user_id=2) == "done"
        for wrong in (4, None):
            with pytest.raises(PermissionDenied):
                profile(wrong)
    client = bare_app.test_client()
    assert client.get("/pages/2").text == "page"
    with pytest.raises(PermissionDenied):
        client.get("/pages/4")
    with pytest.raises(ConfigurationError, match="owner: the view pages.b has no argument"):
        client.get("/pages/")


async def coming(request: Request) -> int:
    return 2


@pytest.mark.parametrize("owner", [coming, 7, ("user_id",)])
def test_what_can_name_no_owner_is_refused_where_it_is_written(owner: Any) -> None:
    with pytest.raises(TypeError, match="owner must be"):
        require_permission("message.pin", owner=owner)
    with pytest.raises(ValidationFailed, match="has no argument 'author'"):
        require_permission("message.pin", owner="author")(lambda user_id: None)
