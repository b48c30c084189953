"""Code named by ``YOTO_EXTENSIONS`` registers its own, judged and shown as what is built in."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.applications import another_app
from tests.support.gallery import EXAMPLE, REGISTER, importable
from tests.support.operators import RIGHTS, control_client
from tests.support.waiting import wait_until
from tests.support.world import Community, World
from yoto.errors import ConfigurationError
from yoto.store.columns import utcnow

GUIDE = EXAMPLE.parents[1] / "docs" / "extend.md"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
OLD = timedelta(days=30)


@pytest.fixture(autouse=True)
def gallery() -> Iterator[None]:
    with importable():
        yield


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {**app_config, "EXTENSIONS": REGISTER, "MONITOR": True}


@pytest.fixture
def set_up(app: Flask) -> None:
    """Store what the example declares."""
    result = app.test_cli_runner().invoke(args=["setup"])
    assert result.exit_code == 0, result.output
    assert "permissions: 1 added\npolicies: 2 stored, 0 removed\n" in result.output


@pytest.fixture
def community(set_up: None, world: World) -> Community:
    return world.server(grants=("picture.upload",))


def upload(app: Flask, community: Community, person: Any, title: str = "Sunrise") -> Any:
    return app.test_client().post(
        f"/api/v1/servers/{community.id}/pictures", json={"title": title}, headers=person.headers
    )


def test_its_permission_lets_in_who_has_it(app: Flask, world: World, community: Community) -> None:
    member = world.member(community, world.user(created_at=utcnow() - OLD))
    made = upload(app, community, member)
    assert (made.status_code, made.json) == (201, {"title": "Sunrise"})
    without = world.server(grants=())
    stranger = world.member(without, world.user(created_at=utcnow() - OLD))
    refused = upload(app, without, stranger)
    assert (refused.status_code, refused.json["reason"]) == (403, "not_granted")


def test_its_policy_judges_that_permission(app: Flask, world: World, community: Community) -> None:
    from app.extensions import policy

    newcomer = world.member(community)
    denied = upload(app, community, newcomer)
    assert (denied.status_code, denied.json["codes"]) == (403, ["account_too_new"])
    with app.app_context():
        policy.put_document("gallery", {"minimum_age_days": 0}, "tester")
    assert upload(app, community, newcomer).status_code == 201


def test_its_guard_counts_by_its_algorithm(app: Flask, world: World, community: Community) -> None:
    member = world.member(community, world.user(created_at=utcnow() - OLD))
    answers = [upload(app, community, member) for _ in range(4)]
    assert [one.status_code for one in answers] == [201, 201, 201, 429]
    assert 55 < int(answers[3].headers["Retry-After"]) <= 60
    assert '"picture.upload/user";q=3;w=60' in answers[3].headers["RateLimit-Policy"]


def test_its_metric_is_shown(app: Flask, world: World, community: Community) -> None:
    member = world.member(community, world.user(created_at=utcnow() - OLD))
    assert upload(app, community, member).status_code == 201

    def shown() -> bool:
        text = app.test_client().get("/metrics").text
        return re.search(r"^gallery_uploads_total(?:\{[^}]*\})? 1(?:\.0)?$", text, re.M) is not None

    wait_until(shown, 20)


def test_its_route_is_described_and_its_page_is_there(app: Flask) -> None:
    client = app.test_client()
    operation = client.get("/api/openapi.json").json["paths"][
        "/api/v1/servers/{server_id}/pictures"
    ]["post"]
    assert operation["operationId"] == "upload_picture"
    assert {"201", "401", "403", "422", "429"} <= set(operation["responses"])
    assert "Upload a picture" in client.get("/api/docs").text
    page = client.get("/gallery/")
    assert page.status_code == 200 and "<h1>Pictures &amp; more</h1>" in page.text
    assert "Content-Security-Policy" in page.headers


def test_what_it_declares_is_missing_until_it_is_stored(app: Flask) -> None:
    from app.extensions import permissions
    from app.migrations import examine_migrations

    with app.app_context():
        detail = examine_migrations().detail
        assert detail.startswith("1 permissions of the code are missing, such as picture.upload")
        assert permissions.sync_catalogue() == ["picture.upload"]
        assert permissions.sync_catalogue() == []
        assert examine_migrations().detail == "at head"


def test_its_policies_are_stored_by_its_bundle_and_left_alone_where_edited(app: Flask) -> None:
    from app.extensions import policy

    with app.app_context():
        first = policy.sync_defaults()
        assert {one.name for one in first.stored} == {"gallery"} and len(first.stored) == 2
        live = policy.in_force("gallery")
        assert live is not None and live.author == "bundle:gallery"
        assert not policy.sync_defaults()
        policy.put("gallery", "package yoto.authz\n", "tester")
        again = policy.sync_defaults()
        assert not again and [name for _, name in again.kept] == ["gallery"]


def test_an_operator_sees_and_may_choose_its_algorithm(app: Flask, world: World) -> None:
    operator = control_client(app, world, *RIGHTS)
    guard = operator.get("/config/rate_limit/picture.upload")
    assert guard.json["values"]["algorithm"] == "quiet_window"
    fields = operator.get("/config/rate_limit").json["fields"]
    (field,) = [one for one in fields if one["name"] == "algorithm"]
    assert field["choices"][0] == "token_bucket" and field["choices"][-1] == "quiet_window"
    path = "/config/rate_limit/message.send"
    put = operator.put(path, '"0"', values={"algorithm": "quiet_window"})
    assert put.status_code == 200 and put.json["values"]["algorithm"] == "quiet_window"
    wrong = operator.put(path, put.headers["ETag"], values={"algorithm": "lottery"})
    assert wrong.status_code == 422
    assert "leaky_bucket, quiet_window, not 'lottery'" in str(wrong.json["errors"])
    leased = {"algorithm": "quiet_window", "mode": "leased"}
    refused = operator.put(path, put.headers["ETag"], values=leased)
    assert refused.status_code == 422
    assert "the algorithm quiet_window knows no leases" in str(refused.json["errors"])


def test_the_check_of_the_guide_runs(app: Flask) -> None:
    (check,) = [one for one in BLOCK.findall(GUIDE.read_text()) if "def test_" in one]
    names: dict[str, Any] = {}
    exec(compile(check, GUIDE.name, "exec"), names)
    names["test_lua_and_its_twin_count_alike"](app)


def test_two_applications_in_a_process_may_have_the_same_code(
    app: Flask, app_config: dict[str, Any], tmp_path: Path
) -> None:
    with another_app(app_config, tmp_path / "second") as second:
        for one in (app, second):
            assert one.test_client().get("/gallery/").status_code == 200
    with another_app({**app_config, "EXTENSIONS": None}, tmp_path / "third") as third:
        assert third.test_client().get("/gallery/").status_code == 404
        with third.app_context():
            from app.extensions import permissions

            assert "picture.upload" not in {spec.name for spec in permissions.catalogue()}


# Mistakes


def refused(app_config: dict[str, Any], tmp_path: Path, extensions: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as error:
        with another_app({**app_config, "EXTENSIONS": extensions}, tmp_path / "refused"):
            pass
    assert error.value.key == "EXTENSIONS"
    return error.value


@pytest.mark.parametrize(
    ("extensions", "said"),
    [
        ("nowhere:register", "'nowhere:register' is not there: No module named 'nowhere'"),
        (f"{REGISTER},gallery:missing", "'gallery:missing' is not there"),
        ("gallery:__name__", "'gallery:__name__' is no function"),
        ("gallery.register", "'gallery.register' is not right: must be module:function"),
        (f"{REGISTER}, gallery:other", "is not right"),
        ("", "'' is not right"),
    ],
)
def test_a_wrong_name_is_one_clear_error(
    app_config: dict[str, Any], tmp_path: Path, extensions: str, said: str
) -> None:
    assert said in refused(app_config, tmp_path, extensions).reason


def own_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> str:
    """Write a module of one function of this body, and return the function's name."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (tmp_path / "own_module.py").write_text(f"def register(app):\n{lines}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_module", raising=False)
    return "own_module:register"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "from app.extensions import permissions\n"
            "permissions.declare({'name': 'message.send', 'scope': 'global'})",
            "another permission is called 'message.send'",
        ),
        (
            "from app.extensions import resilience\n"
            "from yoto.resilience import RateLimitConfig\n"
            "resilience.define('x', rate_limit=RateLimitConfig(algorithm='lottery'))",
            "must be one of token_bucket",
        ),
        (
            "from app.extensions import resilience\n"
            "from yoto.resilience import RateLimitConfig\n"
            "resilience.define('message.send', rate_limit=RateLimitConfig(limit=1))",
            "message.send",
        ),
        (
            "from app.extensions import policy\n"
            "import yoto.policies\n"
            "from importlib.resources import files\n"
            "policy.add_bundle('mine', files('yoto.policies'))",
            "another bundle has",
        ),
        (
            "from app.extensions import policy\n"
            "from pathlib import Path\n"
            "policy.add_bundle('mine', Path('/nowhere'))",
            "/nowhere is no folder",
        ),
        (
            "from yoto.resilience import find_algorithm, register_algorithm\n"
            "from dataclasses import replace\n"
            "register_algorithm(replace(find_algorithm('fixed_window'), bursts=True))",
            "fixed_window is another one already",
        ),
    ],
)
def test_what_is_refused_names_who_registered_it(
    app_config: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    said: str,
) -> None:
    name = own_module(monkeypatch, tmp_path, body)
    reason = refused(app_config, tmp_path, name).reason
    assert reason.startswith("'own_module:register': ") and said in reason


def test_an_error_of_its_own_is_raised_with_a_note_of_whose_it_is(
    app_config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = own_module(monkeypatch, tmp_path, "{}['missing']")
    with (
        pytest.raises(KeyError) as error,
        another_app({**app_config, "EXTENSIONS": name}, tmp_path / "refused"),
    ):
        pass
    assert error.value.__notes__ == ["raised by 'own_module:register', which YOTO_EXTENSIONS names"]


def test_functions_are_called_in_order_with_everything_wired_and_nothing_connected(
    app_config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = own_module(
        monkeypatch,
        tmp_path,
        "from flask import current_app\n"
        "assert current_app._get_current_object() is app\n"
        "assert 'gallery.uploads' in app.extensions\n"
        "assert 'messages.send_message' in app.view_functions\n"
        "app.extensions['own'] = True",
    )
    away = {"REDIS_URL": "redis://127.0.0.1:1/0", "EXTENSIONS": f"{REGISTER},{name}"}
    with another_app({**app_config, **away}, tmp_path / "ordered") as ordered:
        assert ordered.extensions["own"]
