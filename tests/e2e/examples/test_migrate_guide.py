"""``docs/migrate.md`` beside libraries that bring many others: theirs and ours answer alike."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from tests.support.installed import Environment
from tests.support.redis_servers import Server
from tests.support.require import LONG
from tests.unit.docs.test_migrate_guide import chapter

pytestmark = LONG

# Makes the application of a chapter, and what the guide leaves to do once.
MADE = """
import json
import sys

which, names = sys.argv[1], {"__name__": "guide"}
with open(f"{which}.py") as code:
    exec(code.read(), names)


def made(*arguments):
    app = names[which](*arguments)
    if which == "ours":
        done = app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert done.exit_code == 0, done.output
        with app.app_context():
            names["assign"]()
    return app

"""
PRINCIPAL = """
client, answers = made().test_client(), {}
for person in ("ada", "tim", "eve", None):
    headers = {} if person is None else {"Who": person}
    asked = [("GET", "/drafts"), ("POST", "/posts/1"), ("POST", "/posts/2"), ("POST", "/front")]
    answers[person or "nobody"] = [
        *(client.open(path, method=method, headers=headers).status_code for method, path in asked),
        client.get("/menu", headers=headers).text,
    ]
print(json.dumps(answers))
"""
SECURITY = """
app, answers = made(json.loads(sys.argv[2])), {}
for person in ("ada", "tim", None):
    client, headers = app.test_client(), {"Accept": "application/json"}
    if person is not None:
        who = {"email": f"{person}@example.org", "password": "correct horse"}
        assert client.post("/login", json=who).status_code == 200
    asked = [("GET", "/articles"), ("GET", "/desk"), ("POST", "/pay-out")]
    answers[person or "nobody"] = found = [
        client.open(path, method=method, headers=headers).status_code for method, path in asked
    ]
    if person is not None:
        found.append(client.get("/menu", headers=headers).text)
        with client.session_transaction() as session:
            session["fs_paa"] -= 301
        found.append(client.post("/pay-out", headers=headers).status_code)
print(json.dumps(answers))
"""


def answers_of(
    title: str,
    which: str,
    ask: str,
    environment: Environment,
    server: Server,
    folder: Path,
    *arguments: str,
) -> Any:
    (folder / f"{which}.py").write_text(chapter(title)[which == "ours"], encoding="utf-8")
    told = environment.run(
        "-c",
        MADE + ask,
        which,
        *arguments,
        folder=folder,
        YOTO_REDIS_URL=server.url,
        YOTO_REDIS_KEY_PREFIX=f"test-migrate-{secrets.token_hex(4)}:",
    )
    return json.loads(told.splitlines()[-1])


def test_permissions_do_what_those_of_flask_principal_did(
    with_people: Environment, valkey_server: Server, tmp_path: Path
) -> None:
    theirs, ours = (
        answers_of("Flask-Principal", which, PRINCIPAL, with_people, valkey_server, tmp_path)
        for which in ("theirs", "ours")
    )
    assert theirs == {
        "ada": [200, 200, 200, 200, "edit"],
        "tim": [403, 200, 403, 403, "read"],
        "eve": [403, 403, 403, 403, "read"],
        "nobody": [403, 403, 403, 403, "read"],
    }
    assert ours == theirs | {"nobody": [401, 401, 401, 401, "read"]}


def test_decorators_do_what_those_of_flask_security_did(
    with_people: Environment, valkey_server: Server, tmp_path: Path
) -> None:
    found = {}
    for which in ("theirs", "ours"):
        config = {
            "SECRET_KEY": secrets.token_hex(20),
            "SECURITY_PASSWORD_SALT": secrets.token_hex(20),
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/{which}.db",
            "WTF_CSRF_ENABLED": False,
        }
        found[which] = answers_of(
            "Flask-Security-Too",
            which,
            SECURITY,
            with_people,
            valkey_server,
            tmp_path,
            json.dumps(config),
        )
    assert found["theirs"] == {
        "ada": [200, 200, 200, "True True", 401],
        "tim": [403, 403, 403, "False False", 401],
        "nobody": [403, 403, 401],
    }
    assert found["ours"] == {
        "ada": [200, 200, 200, "True True", 403],
        "tim": [403, 403, 403, "False False", 403],
        "nobody": [401, 401, 401],
    }
