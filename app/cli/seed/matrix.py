"""Access matrices: the permissions of people in a real organisation, as users, roles and grants."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from app.extensions import permissions
from app.models import NO_PASSWORD, User
from yoto.errors import ValidationFailed
from yoto.store.db import db
from yoto.store.models import Effect, Role, RoleAssignment, RoleGrant, record_audit

ROWS_AT_ONCE = 5000
NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
USER = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
PERMISSION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")

Progress = Callable[..., AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class MatrixReport:
    """The result of an import; ``seconds`` is for the whole of it."""

    pairs: int
    users: int
    permissions: int
    roles: int
    seconds: float


def user_name(matrix: str, user: str | int) -> str:
    """The username of a user of a matrix."""
    return f"{matrix}.{user}"


def permission_name(matrix: str, permission: str | int) -> str:
    """The name of a permission of a matrix; number 5 is ``p5``."""
    return f"{matrix}.{'p' if isinstance(permission, int) else ''}{permission}"


def import_matrix(file: Path, matrix: str, progress: Progress) -> MatrixReport:
    """Bring the database to what the file says, and commit. Importing again is harmless.

    Users with the same permissions share a global role; its grants are global.

    Args:
        file: lines of ``user permission``, each a name or a number from 1; a pair may repeat.
        matrix: prefix of all names, so that several matrices live side by side.
        progress: made with ``length=`` (in rows), gives a context with ``update(n)``.

    Raises:
        ValidationFailed: a line that is no pair, or a name that cannot be a prefix.
    """
    started = time.perf_counter()
    if not NAME.fullmatch(matrix):
        raise ValidationFailed({"name": f"'{matrix}' is not like {NAME.pattern}"})
    allowed = _read(file)
    names = sorted({name for held in allowed.values() for name in held})
    roles: dict[frozenset[str], str] = {}
    for user in sorted(allowed, key=_in_order):
        roles.setdefault(allowed[user], f"{matrix}.role{len(roles) + 1}")
    rows = len(names) + len(allowed) * 2 + sum(1 + len(held) for held in roles)
    with progress(length=rows, label=f"Importing {matrix}") as bar:
        permission_ids = _permissions(matrix, names, bar)
        user_ids = _users(matrix, sorted(allowed, key=_in_order), bar)
        role_ids = _roles(matrix, roles, permission_ids, bar)
        _insert(
            RoleAssignment,
            [
                {"user_id": user_ids[user_name(matrix, user)], "role_id": role_ids[roles[held]]}
                for user, held in allowed.items()
            ],
            bar,
        )
        record_audit(
            "matrix.import",
            f"matrix:{matrix}",
            by=None,
            after={"users": len(allowed), "permissions": len(names), "roles": len(roles)},
        )
        db.session.commit()
    pairs = sum(len(held) for held in allowed.values())
    seconds = time.perf_counter() - started
    return MatrixReport(pairs, len(allowed), len(names), len(roles), seconds)


def _read(file: Path) -> dict[str, frozenset[str]]:
    held: dict[str, set[str]] = defaultdict(set)
    with open(file, encoding="ascii", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            words = line.split()
            if len(words) != 2:
                shown = line.strip()[:40]
                raise ValidationFailed(
                    {f"line {number}": f"'{shown}' is no pair of a user and a permission"}
                )
            user = _label(words[0], USER, f"line {number}")
            permission = _label(words[1], PERMISSION, f"line {number}")
            held[user].add(f"p{permission}" if permission.isdigit() else permission)
    return {user: frozenset(permissions) for user, permissions in held.items()}


def _label(word: str, pattern: re.Pattern[str], line: str) -> str:
    """A number in its only spelling, or a name."""
    if re.fullmatch(r"[+-]?[0-9]+", word):
        if int(word) < 1:
            raise ValidationFailed({line: "numbers start at 1"})
        return str(int(word))
    if not pattern.fullmatch(word):
        raise ValidationFailed(
            {line: f"'{word[:40]}' is neither a number nor a name like {pattern.pattern}"}
        )
    return word


def _in_order(label: str) -> tuple[bool, int, str]:
    return (not label.isdigit(), int(label) if label.isdigit() else 0, label)


def _permissions(matrix: str, names: Sequence[str], bar: Any) -> dict[str, int]:
    receipt = permissions.batch_register_permissions(
        [
            {"name": permission_name(matrix, name), "group": matrix, "scope": "global"}
            for name in names
        ],
        commit=False,
    )
    bar.update(len(names))
    return dict(zip(names, receipt.ids, strict=True))


def _users(matrix: str, users: Sequence[str], bar: Any) -> dict[str, int]:
    names = [user_name(matrix, user) for user in users]
    known = _ids_by_name(User.username, f"{matrix}.")
    _insert(
        User,
        [
            {"username": name, "display_name": name, "password_hash": NO_PASSWORD}
            for name in names
            if name not in known
        ],
        bar,
    )
    return _ids_by_name(User.username, f"{matrix}.")


def _roles(
    matrix: str, roles: dict[frozenset[str], str], permission_ids: dict[str, int], bar: Any
) -> dict[str, int]:
    """The roles of the matrix, made anew: their grants and assignments go with the old ones."""
    old = list(_ids_by_name(Role.name, f"{matrix}.role").values())
    db.session.execute(delete(Role).where(Role.id.in_(old)))
    _insert(Role, [{"name": name} for name in roles.values()], bar)
    ids = _ids_by_name(Role.name, f"{matrix}.role")
    _insert(
        RoleGrant,
        [
            {
                "role_id": ids[name],
                "permission_id": permission_ids[permission],
                "effect": Effect.ALLOW,
            }
            for held, name in roles.items()
            for permission in held
        ],
        bar,
    )
    return ids


def _ids_by_name(column: Any, prefix: str) -> dict[str, int]:
    key = column.class_.id
    rows = db.session.execute(select(column, key).where(column.startswith(prefix, autoescape=True)))
    return {name: value for name, value in rows}


def _insert(model: Any, rows: list[dict[str, Any]], bar: Any) -> None:
    for chunk in _chunks(rows):
        db.session.execute(insert(model), chunk)
        bar.update(len(chunk))


def _chunks(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]
