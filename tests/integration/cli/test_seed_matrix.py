"""Importing access matrices: every verdict equals the matrix."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import click
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.cli.seed.matrix import import_matrix, permission_name, user_name
from app.extensions import permissions
from app.models import User
from tests.support.require import TEST_ALL
from yoto.errors import ValidationFailed
from yoto.store.db import db, writing
from yoto.store.models import Permission, Role, RoleGrant

MATRICES = Path(__file__).parents[4] / "shared" / "data" / "rbac"
# The two largest have no rows of another kind than the others.
NAMES = ("domino", "hc", "emea", "fire1", *(("apj", "americas_small") if TEST_ALL else ()))


def read(file: Path) -> dict[int, set[int]]:
    held: dict[int, set[int]] = defaultdict(set)
    for line in file.read_text().splitlines():
        user, permission = map(int, line.split())
        held[user].add(permission)
    return held


def run_import(file: Path, name: str) -> None:
    with writing():
        import_matrix(file, name, progress=click.progressbar)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_every_verdict_equals_the_matrix(app: Flask, name: str) -> None:
    file = MATRICES / f"{name}.txt"
    if not file.exists():
        pytest.skip("the shared matrices are not beside the project")
    held = read(file)
    numbers = sorted({number for permissions in held.values() for number in permissions})
    names = [permission_name(name, number) for number in numbers]
    with app.app_context():
        run_import(file, name)
        ids = dict(
            db.session.execute(
                select(User.username, User.id).where(User.username.startswith(f"{name}."))
            ).all()
        )
        users = {ids[user_name(name, user)]: held[user] for user in held}
        assert len(users) == len(held)
        asked = [(permission, None, None) for permission in names]
        for user_id, expected in users.items():
            verdicts = permissions.check_many(user_id, asked)
            assert {n for n, allowed in zip(numbers, verdicts, strict=True) if allowed} == expected
        for number, permission in zip(numbers, names, strict=True):
            verdicts = permissions.batch_check_permissions(list(users), permission)
            assert verdicts == {user_id: number in has for user_id, has in users.items()}


def test_importing_again_changes_no_count_and_takes_over_changes(
    app: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "m.txt"
    file.write_text("1 1\n1 2\n2 1\n2 2\n3 3\n")
    with app.app_context():
        run_import(file, "small")
        run_import(file, "small")
        count = lambda model, name: db.session.scalar(  # noqa: E731
            select(func.count()).select_from(model).where(name.startswith("small."))
        )
        assert count(User, User.username) == 3
        assert count(Permission, Permission.name) == 3
        assert count(Role, Role.name) == 2  # users 1 and 2 share one
        assert db.session.scalar(select(func.count()).select_from(RoleGrant)) == 3
        db.session.rollback()
        file.write_text("1 1\n2 1\n2 2\n")
        run_import(file, "small")
        first = db.session.scalars(select(User.id).where(User.username == "small.1")).one()
        third = db.session.scalars(select(User.id).where(User.username == "small.3")).one()
        assert permissions.check_permission(first, "small.p1")
        assert not permissions.check_permission(first, "small.p2")
        assert not permissions.check_permission(third, "small.p3")


@pytest.mark.parametrize("line", ["1", "1 2 3", "a B", "-a b", "0 1", "1 -1", "1;2"])
def test_a_broken_line_is_named_and_nothing_is_imported(
    app: Flask, tmp_path: Path, line: str
) -> None:
    file = tmp_path / "broken.txt"
    file.write_text(f"1 1\n{line}\n")
    with app.app_context():
        with pytest.raises(ValidationFailed) as caught:
            run_import(file, "broken")
        assert "line 2" in caught.value.errors
        assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_a_prefix_that_makes_no_names_is_refused(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "m.txt"
    file.write_text("1 1\n")
    result = app.test_cli_runner().invoke(args=["seed", "matrix", str(file), "--name", "No-Name"])
    assert result.exit_code == 1
    assert "name:" in result.output


def test_the_command_reports_what_it_did(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "m.txt"
    file.write_text("1 1\n2 1\n")
    result = app.test_cli_runner().invoke(args=["seed", "matrix", str(file)])
    assert result.exit_code == 0, result.output
    assert "2 pairs: 2 users, 1 permissions, 1 roles" in result.output


def test_people_and_permissions_may_have_names(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "crew.txt"
    file.write_text("tomas channel.read\ntomas 5\nmara p5\n7 channel.read\n")
    with app.app_context():
        run_import(file, "crew")
        ids = dict(
            db.session.execute(
                select(User.username, User.id).where(User.username.startswith("crew."))
            ).all()
        )
        assert sorted(ids) == ["crew.7", "crew.mara", "crew.tomas"]
        asked = [("crew.channel.read", None, None), ("crew.p5", None, None)]
        held = {name: permissions.check_many(ids[name], asked) for name in ids}
    assert held == {
        "crew.tomas": [True, True],
        "crew.mara": [False, True],
        "crew.7": [True, False],
    }
