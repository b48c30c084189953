"""The JSON routes of the control plane, in the order in which its API document lists them."""

from __future__ import annotations

from flask_smorest import Blueprint

from yoto.control_plane.palette import palette
from yoto.control_plane.session import session
from yoto.http.declared import blueprint
from yoto.operate.audit import audit
from yoto.operate.config import config
from yoto.operate.degradation import degradation
from yoto.operate.first_steps import first_steps
from yoto.operate.guard_detail import guards
from yoto.operate.guards import breakers, bulkheads, limiters
from yoto.operate.instances import instances
from yoto.operate.invalidation import cache
from yoto.operate.live.events import events
from yoto.operate.live.status import stats, status
from yoto.operate.locks import locks
from yoto.operate.log_level import log_level
from yoto.operate.maintenance import maintenance
from yoto.operate.overrides import overrides
from yoto.operate.permissions.directory import registry, users
from yoto.operate.permissions.matrix import servers
from yoto.operate.permissions.names import names
from yoto.operate.permissions.people import people
from yoto.operate.permissions.resource import resources
from yoto.operate.permissions.role import roles
from yoto.operate.permissions.search import explain, search
from yoto.operate.reach import reach

CONTROL_REST: list[Blueprint] = [
    blueprint(session),
    blueprint(first_steps),
    blueprint(status),
    blueprint(stats),
    blueprint(events),
    blueprint(instances),
    blueprint(overrides),
    blueprint(explain),
    blueprint(resources),
    blueprint(roles),
    blueprint(search),
    blueprint(palette),
    blueprint(registry),
    blueprint(servers),
    blueprint(users),
    blueprint(names),
    blueprint(people),
    blueprint(guards),
    blueprint(breakers),
    blueprint(limiters),
    blueprint(bulkheads),
    blueprint(degradation),
    blueprint(config),
    blueprint(audit),
    blueprint(maintenance),
    blueprint(log_level),
    blueprint(cache),
    blueprint(reach),
    blueprint(locks),
]
