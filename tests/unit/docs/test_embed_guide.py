"""The guides to Yoto in other applications: their Python runs, and a table names the extras."""

from __future__ import annotations

import re
import secrets
import time
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from tests.support.resilience import own_names
from yoto import Yoto, rate_limit
from yoto.resilience import Resilience

__all__ = ["own_names"]

ROOT = Path(__file__).parents[3]
# In the order in which they are read: each uses names of those before it.
GUIDES = ("embed.md", "embed-permissions.md", "embed-control-plane.md")
TEXTS = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in GUIDES}
MOST_WORDS = 1800
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXTRA = re.compile(r"^\| `([\w-]+)` \|[^|]+\|[^|]+\|$", re.MULTILINE)
NAMES = (
    *("app", "shop", "library", "office", "clinic", "ward", "staffed", "archive", "by_hand"),
    "till",
)


@pytest.fixture
def applications(valkey_server: Server, tmp_path: Path) -> Iterator[dict[str, Flask]]:
    """The applications that the guide speaks of, each on its own keys."""
    made = {name: Flask(name, instance_path=str(tmp_path / name)) for name in NAMES}
    for application in made.values():
        prefix = f"test-embed-{secrets.token_hex(4)}:"
        application.config |= {
            "REDIS_URL": valkey_server.url,
            "YOTO_REDIS_KEY_PREFIX": prefix,
            "REDIS_KEY_PREFIX": prefix,
            "DATABASE_URL": f"sqlite:///{tmp_path}/{application.name}.db",
        }
    yield made
    for application in made.values():
        if "yoto" in application.extensions:
            Yoto.close(application)


def test_their_python_runs(applications: dict[str, Flask], own_names: None) -> None:  # noqa: F811
    names: dict[str, Any] = {**applications, "__name__": __name__}
    for name, body in [(name, body) for name in GUIDES for body in PYTHON.findall(TEXTS[name])]:
        exec(compile(body, name, "exec", dont_inherit=True), names)
        if "Base" in names and "db" in names:
            names["Base"].metadata.create_all(names["db"].get_bind())
        for wired in ("office", "clinic", "ward"):
            if re.search(rf"Yoto\(\s*{wired},", body):
                made = names[wired].test_cli_runner().invoke(args=["yoto", "setup"])
                assert made.exit_code == 0, made.output

    office, mara = applications["office"].test_client(), names["mara"].id
    answers = [
        office.post("/refunds", headers=headers).status_code
        for headers in ({"X-Person": str(mara)}, {"X-Person": str(uuid.uuid4())}, {})
    ]
    assert answers == [200, 403, 401]
    desks = [office.get("/desk", headers=headers).text for headers in ({"X-Person": str(mara)}, {})]
    assert "Refund" in desks[0] and "at the desk" in desks[0] and not desks[1].strip()
    amounts = [
        office.post(f"/refunds/{amount}", headers={"X-Person": who}).get_json().get("refunded")
        for amount in (5, 500)
        for who in (str(mara), str(uuid.uuid4()))
    ]
    assert amounts == [True, False, True, None]
    notes = [
        office.delete(f"/notes/{number}", headers={"X-Person": who}).status_code
        for number, who in ((1, str(mara)), (1, str(uuid.uuid4())), (2, str(uuid.uuid4())))
    ]
    assert notes == [200, 403, 403]
    till = applications["till"]
    till.secret_key = "a secret of the till"
    with till.test_client() as client:
        paid = []
        for since in (None, time.time() - 301, time.time()):
            with client.session_transaction() as kept:
                kept["signed_in_at"] = since
            paid.append(client.post("/pay-out", headers={"X-Person": str(mara)}).status_code)
    assert paid == [403, 403, 200]
    staffed = applications["staffed"].test_client()
    led = staffed.get("/control/", follow_redirects=True)
    assert led.request.full_path == "/login?next=/control/"
    with staffed.session_transaction() as session:
        session["person_id"], session["is_admin"] = str(mara), True
    assert "mara@example.org" in staffed.get("/control/").text
    archive = applications["archive"]
    led = archive.test_client().get("/control/", follow_redirects=True)
    assert led.request.path == "/control/sign-in" and 'name="password"' in led.text
    for db in (names["db"], names["clinic_db"], names["ward_db"]):
        db.remove()
        db.get_bind().dispose()

    app = applications["app"]
    with app.app_context():
        limits = Resilience.of(app)
        assert limits.get_rate_limit_config("search").limit == 10
        assert limits.get_bulkhead_config("report").max_concurrent == 2
        assert limits.get_rate_limit_config("export.pro").also == "1000/day"
    client = app.test_client()
    answers = [client.post("/api/sign-in").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert "RateLimit" not in client.get("/health").headers
    assert '"export.free/ip";q=10;w=86400' in client.get("/api/export").headers["RateLimit-Policy"]
    library = applications["library"]

    @library.get("/shelves")
    @rate_limit("shelves", cost=100)
    def shelves() -> dict[str, int]:
        return {}

    answer = library.test_client().get("/shelves")
    assert (answer.status_code, answer.text) == (429, "Slow down, please.")
    assert int(answer.headers["Retry-After"]) >= 0
    assert "RateLimit" in answer.headers
    assert Resilience.of(applications["by_hand"])


def test_a_table_names_the_extras() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(EXTRA.findall(TEXTS["embed.md"])) == set(project["optional-dependencies"])


@pytest.mark.parametrize("name", GUIDES)
def test_each_is_short(name: str) -> None:
    assert 0 < len(TEXTS[name].split()) <= MOST_WORDS
