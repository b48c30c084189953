"""The scripts of the guards, loaded once."""

from __future__ import annotations

from yoto.redis import Script, load_script

PACKAGE = "yoto.resilience.lua"


def _load(name: str) -> Script:
    return load_script(PACKAGE, f"{name}.lua")


BREAKER_ADMIT = _load("breaker_admit")
BREAKER_RECORD = _load("breaker_record")
BREAKER_OPERATE = _load("breaker_operate")
BREAKER_LOOK = _load("breaker_look")
OUTBOX_READ = _load("outbox_read")
OUTBOX_PUBLISH = _load("outbox_publish")
OUTBOX_TRIM = _load("outbox_trim")
LIMITER_HIT = _load("limiter_hit")
LIMITER_PEEK = _load("limiter_peek")
LIMITER_GIVE = _load("limiter_give")
LIMITER_SETTLE = _load("limiter_settle")
LIMITER_RESET = _load("limiter_reset")
LIMITER_LEASE = _load("limiter_lease")
LIMITER_RETURN = _load("limiter_return")
BULKHEAD_ENTER = _load("bulkhead_enter")
BULKHEAD_WAIT = _load("bulkhead_wait")
BULKHEAD_LEAVE = _load("bulkhead_leave")
BULKHEAD_RENEW = _load("bulkhead_renew")
BULKHEAD_ENROL = _load("bulkhead_enrol")
BULKHEAD_LOOK = _load("bulkhead_look")
BULKHEAD_RELEASE = _load("bulkhead_release")
GUARD_ENTER = _load("guard_enter")
GUARD_EXIT = _load("guard_exit")
REJECTIONS_REPORT = _load("rejections_report")

ALL = {
    script.name.removesuffix(".lua"): script
    for script in list(globals().values())
    if isinstance(script, Script)
}
"""Every script by its name, for ``execute_atomic_operation``."""
