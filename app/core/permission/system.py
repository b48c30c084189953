"""The permission system as a Flask extension."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask

from app.core.permission.abac import PolicyCheck
from app.core.permission.assignment_writes import AssignmentWrites
from app.core.permission.audit import record_super_admin_use
from app.core.permission.checks import Checks
from app.core.permission.grant_writes import GrantWrites
from app.core.permission.group_writes import GroupWrites
from app.core.permission.overwrite_writes import OverwriteWrites
from app.core.permission.registration import Registration, read_permissions
from app.core.permission.registry import PermissionRegistry
from app.core.permission.role_writes import RoleWrites
from app.core.permission.source import DatabaseSource
from app.core.permission.state import EXTENSION, PermissionState, SuperAdminUse
from app.core.permission.survey import Survey
from app.core.permission.transactions import watch_sessions


class PermissionSystem(
    Checks,
    Survey,
    Registration,
    RoleWrites,
    GrantWrites,
    AssignmentWrites,
    GroupWrites,
    OverwriteWrites,
):
    """Who may do what, and every change to it.

    The object holds nothing: what belongs to an app is in ``app.extensions``, so that one
    instance serves any number of apps.
    """

    def init_app(
        self,
        app: Flask,
        *,
        subject_loader: Callable[[], int] | None = None,
        policy: PolicyCheck | None = None,
        clock: Callable[[], float] = time.time,
        on_super_admin_use: Callable[[SuperAdminUse], None] = record_super_admin_use,
    ) -> None:
        """Record how permissions work in ``app``; nothing is read or connected yet.

        Args:
            subject_loader: returns the id of the user who makes the current request, or raises.
            policy: asks the policy engine; without it, what needs one is denied.
            clock: the present time in epoch seconds.
            on_super_admin_use: told of each use of super-admin power before it takes effect; what
                it raises stops the use.
        """
        registry = PermissionRegistry(read_permissions)
        watch_sessions()
        app.extensions[EXTENSION] = PermissionState(
            registry=registry,
            source=DatabaseSource(registry, clock),
            subject_loader=subject_loader,
            policy=policy,
            clock=clock,
            on_super_admin_use=on_super_admin_use,
        )
