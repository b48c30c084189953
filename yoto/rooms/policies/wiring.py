"""Connects policies to the hooks of the core: what judges, and what follows requests."""

from __future__ import annotations

from flask import Flask

from yoto.cache import HybridPermissionCache
from yoto.http.request_metrics import error_rate
from yoto.monitor import Monitor
from yoto.permission import masked_context, state_of
from yoto.permission.judged import JudgedChannels
from yoto.permission.outbox.rules import watch_policies
from yoto.request.context import current_request
from yoto.request.records import EXTENSION_KEY as RECORDS
from yoto.rooms.policies.behaviour.watching import watch_requests

from .checking.checker import PolicyChecker
from .checking.facts import PolicyEnvironment
from .engine.choosing import policy_engine
from .manager import PolicyManager
from .series import samples
from .tables import PolicyRevision


def wire(app: Flask) -> None:
    """Let policies judge in ``app``; nothing connects and no thread starts.

    Without a control plane no request is counted: what policies read about failed requests and
    unusual behaviour is then unknown.
    """
    watch_policies(PolicyRevision.__table__)
    PolicyManager().init_app(app, policy_engine(app), mask=masked_context)
    state, cache = state_of(app), HybridPermissionCache.of(app)
    counted = RECORDS in app.extensions
    if counted:
        watch_requests(app)
    environment = PolicyEnvironment(
        current_request,
        error_rate if counted else lambda: None,
        lambda *asked: state.unusual(*asked),
    )
    known = state.judged.attributes if state.judged is not None else None
    place = known if known is not None else JudgedChannels(app, cache).attributes
    state.policy = PolicyChecker(app, cache, place, environment)
    if Monitor.is_in(app):
        Monitor.of(app).add_source("policies", lambda: samples(app))
