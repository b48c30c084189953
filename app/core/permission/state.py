"""What one app's permission system is made of; it lives in ``app.extensions``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app

from app.core.permission.abac import PolicyCheck
from app.core.permission.outbox.publisher import Outbox
from app.core.permission.registry import PermissionRegistry
from app.core.permission.scopes import Place
from app.core.permission.source import ResolutionSource

EXTENSION = "yoto.permissions"


@dataclass(frozen=True, slots=True)
class SuperAdminUse:
    """Somebody may do something only because they are a super-admin."""

    user_id: int
    permission: str
    place: Place


@dataclass(slots=True)
class PermissionState:
    """The parts, as wired by ``PermissionSystem.init_app``.

    Attributes:
        subject_loader: gives the id of the user who makes the current request, or raises.
        policy: asks the policy engine; None means that there is none, which denies.
        clock: the present time in epoch seconds.
        on_super_admin_use: told of each use of super-admin power, before it takes effect.
        outbox: tells the invalidation log of what is committed; None: there is no cache.
    """

    registry: PermissionRegistry
    source: ResolutionSource
    subject_loader: Callable[[], int] | None
    policy: PolicyCheck | None
    clock: Callable[[], float]
    on_super_admin_use: Callable[[SuperAdminUse], None]
    outbox: Outbox | None = None


def find_state() -> PermissionState | None:
    """The state of the current app; None outside an app context, or without a permission system."""
    return current_app.extensions.get(EXTENSION) if current_app else None


def get_state() -> PermissionState:
    """The state of the current app.

    Raises:
        RuntimeError: outside an app context, or the app has no permission system.
    """
    if not current_app:
        raise RuntimeError(
            "permissions need an app context: work inside a request, or with 'app.app_context()'"
        )
    # Through the proxy each attribute costs more than the whole look-up.
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    state = app.extensions.get(EXTENSION)
    if state is None:
        raise RuntimeError("this app has no permission system: call permissions.init_app(app)")
    found: PermissionState = state
    return found
