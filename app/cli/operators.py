"""``flask control operators``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any

from app.blueprints.operator_roles import OperatorRole, operator_roles
from app.blueprints.operators import account_list, accounts
from yoto.cli.operations import command, group_of
from yoto.http.operation import Limit
from yoto.http.paging import PAGE_DEFAULT, Page

operators = group_of(accounts.operators)


def _page(page: Page[Any], **given: Any) -> Iterator[str]:
    yield from chain.from_iterable(map(accounts.line_of, page.items))
    if page.next is not None:
        yield f"More with --after {page.next}."


def _roles(found: list[OperatorRole]) -> Iterator[str]:
    for role in found:
        off = "" if role.active else " (inactive)"
        yield f"{role.id:>6}  {role.name}{off}: {', '.join(role.rights)}"


@command(operators, "list", _page)
def list_operators(
    after: Annotated[int | None, "Continue behind the account of this number."] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[Any]:
    """Show everybody who was given a right on the platform."""
    return account_list.listed(after, limit)


@command(operators, "roles", _roles)
def list_roles() -> list[OperatorRole]:
    """Show the global roles that give such rights."""
    return list(operator_roles().values())
