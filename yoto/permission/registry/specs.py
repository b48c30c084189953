"""The specification of a permission, for its registration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from yoto.errors import ValidationFailed
from yoto.nodes import TYPE_NAME
from yoto.permission.registry.registry import checked_name
from yoto.rules import Flag, Text, Whole, checked
from yoto.store.models import OnPolicyError, ScopeType
from yoto.store.resources import known_types

GROUP_MAX_LENGTH = 64
DESCRIPTION_MAX_LENGTH = 500
# The most approvals; no request will ever find more persons.
MOST_APPROVALS = 5


@dataclass(frozen=True, slots=True)
class PermissionSpec:
    """A permission to register; fields as the columns of ``yoto.store.models.Permission``.

    ``requires_approvals`` None: one, or none may ask where the permission is the whole platform's.
    """

    name: str
    scope: str
    group: str | None = None
    description: str = ""
    abac: bool = False
    on_policy_error: str = OnPolicyError.DENY.value
    requires_approvals: int | None = None

    @property
    def approvals(self) -> int:
        """How many persons must agree to lend it on request; 0: it cannot be requested."""
        if self.requires_approvals is not None:
            return self.requires_approvals
        return 0 if self.scope == ScopeType.GLOBAL else 1


class Scoped(Protocol):
    """A permission, registered or to be."""

    @property
    def name(self) -> str: ...

    @property
    def scope(self) -> str:
        """The narrowest scope in which it can be granted; it can in all wider ones."""


def checked_spec(
    entry: str | Mapping[str, Any] | PermissionSpec, *, declared: bool = True
) -> PermissionSpec:
    """The permission that ``entry`` describes.

    Args:
        entry: a name, a mapping with ``name`` and any of ``group``, ``description``, ``scope``
            (``"channel"`` by default: the narrowest), ``abac``, ``on_policy_error`` (``"deny"`` by
            default) and ``requires_approvals`` (1; 0 for scope ``global``), or a spec.
        declared: its scope must be a type of the application; else it may become one.

    Raises:
        ValidationFailed: naming the field.
    """
    if isinstance(entry, PermissionSpec):
        entry = asdict(entry)
    fields = dict(entry) if isinstance(entry, Mapping) else {"name": entry}
    name = checked_name(fields.pop("name", None), "name")
    scope = fields.pop("scope", ScopeType.CHANNEL)
    known = scope in list(ScopeType) or known_types().find(scope) is not None
    if not known and (declared or TYPE_NAME.fullmatch(scope) is None):
        raise ValidationFailed({"scope": f"unknown scope {scope!r}"})
    group, description = fields.pop("group", None), fields.pop("description", None) or ""
    abac = fields.pop("abac", False)
    on_error = fields.pop("on_policy_error", OnPolicyError.DENY)
    approvals = fields.pop("requires_approvals", None)
    if fields:
        raise ValidationFailed({key: "unknown field" for key in fields})
    abac = bool(checked("abac", abac, Flag(), shown=False))
    if on_error not in list(OnPolicyError):
        raise ValidationFailed({"on_policy_error": f"{on_error!r} is not deny or rbac"})
    for field, text, longest in (
        ("group", group, GROUP_MAX_LENGTH),
        ("description", description, DESCRIPTION_MAX_LENGTH),
    ):
        if text is not None:
            says = f"a text of at most {longest} characters"
            checked(field, text, Text(longest, says=says), shown=False)
    if approvals is not None:
        most = 0 if scope == ScopeType.GLOBAL else MOST_APPROVALS
        says = f"an integer from 0 to {most}" if most else "0: it is the whole platform's"
        approvals = int(checked("requires_approvals", approvals, Whole(0, most, says=says)))
    return PermissionSpec(
        name, str(scope), group, description, abac, OnPolicyError(on_error).value, approvals
    )
