"""``flask users`` and ``flask permission``."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from app.models import User
from yoto.store.db import db
from yoto.store.models import AuditRecord


def run(app: Flask, *arguments: str, text: str | None = None) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(arguments), input=text)
    return result.exit_code, result.output


def test_create_admin_shows_a_password_that_signs_in(app: Flask) -> None:
    code, output = run(app, "users", "create-admin", "root")
    assert code == 0, output
    password = re.search(r"shown this once: (\S+)", output)
    assert password is not None
    body = {"username": "root", "password": password[1]}
    assert app.test_client().post("/api/v1/auth/login", json=body).status_code == 200
    with app.app_context():
        assert db.session.scalars(select(User.super_admin)).one() is True
        created = select(AuditRecord.subject).where(AuditRecord.action == "user.create")
        assert db.session.scalars(created).all() == ["user:1"]


def test_create_admin_takes_a_password_from_standard_input(app: Flask) -> None:
    code, output = run(
        app, "users", "create-admin", "root", "--password-stdin", text="correct horse battery\n"
    )
    assert code == 0, output
    assert "correct horse" not in output
    body = {"username": "root", "password": "correct horse battery"}
    assert app.test_client().post("/api/v1/auth/login", json=body).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "text", "field"),
    [
        (["Root"], None, "username"),
        (["no"], None, "username"),
        (["root", "--password-stdin"], "short\n", "password"),
        (["root", "--password-stdin"], "x" * 200 + "\n", "password"),
        (["root", "--password-stdin"], "qwerty123456\n", "password"),
        (["operator", "--password-stdin"], "Operator-2026\n", "password"),
    ],
)
def test_create_admin_refuses_bad_input_by_field(
    app: Flask, arguments: list[str], text: str | None, field: str
) -> None:
    code, output = run(app, "users", "create-admin", *arguments, text=text)
    assert code == 1
    assert f"{field}:" in output
    with app.app_context():
        assert db.session.scalars(select(User.id)).all() == []


def test_a_taken_name_is_refused(app: Flask) -> None:
    run(app, "users", "create-admin", "root")
    code, output = run(app, "users", "create-admin", "root")
    assert code == 1
    assert "taken" in output


def test_list_marks_administrators(app: Flask) -> None:
    run(app, "users", "create-admin", "root")
    code, output = run(app, "users", "list")
    assert code == 0
    assert re.search(r"root\s+super-admin", output)


def test_permission_check_says_why_and_tells_by_exit_code(app: Flask) -> None:
    run(app, "users", "create-admin", "root")
    assert run(app, "permission", "check", "root", "platform.view") == (0, "allowed: super_admin\n")
    with app.app_context():
        db.session.add(User(username="guest", display_name="Guest", password_hash="!"))
        db.session.commit()
    assert run(app, "permission", "check", "guest", "platform.view") == (1, "denied: not_granted\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nobody", "platform.view"], "unknown user"),
        (["root", "no.such"], "unknown permission"),
        (["root", "message.send", "--scope", "channel", "--scope-id", "99"], "no channel 99"),
        (["root", "message.send", "--scope", "channel"], "scope_id"),
    ],
)
def test_permission_check_refuses_what_it_cannot_answer(
    app: Flask, arguments: list[str], says: str
) -> None:
    run(app, "users", "create-admin", "root")
    code, output = run(app, "permission", "check", *arguments)
    assert code == 1
    assert says in output


def test_permission_list_and_sync(app: Flask) -> None:
    code, output = run(app, "permission", "list")
    assert code == 0
    assert re.search(r"^\s+\d+\s+message\.send\s+channel", output, re.MULTILINE)
    assert run(app, "permission", "sync") == (0, "0 permissions added.\n")
