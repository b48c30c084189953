"""The scripts of the guards, loaded once."""

from __future__ import annotations

from typing import NamedTuple

from yoto.redis import Script, load_script

PACKAGE = "yoto.resilience.lua"


def _load(name: str, **inserted: str) -> Script:
    return load_script(PACKAGE, f"{name}.lua", **inserted)


BREAKER_ADMIT = _load("breaker_admit")
BREAKER_RECORD = _load("breaker_record")
BREAKER_OPERATE = _load("breaker_operate")
BREAKER_LOOK = _load("breaker_look")
OUTBOX_READ = _load("outbox_read")
OUTBOX_PUBLISH = _load("outbox_publish")
OUTBOX_TRIM = _load("outbox_trim")
LIMITER_RESET = _load("limiter_reset")
BULKHEAD_ENTER = _load("bulkhead_enter")
BULKHEAD_WAIT = _load("bulkhead_wait")
BULKHEAD_LEAVE = _load("bulkhead_leave")
BULKHEAD_RENEW = _load("bulkhead_renew")
BULKHEAD_ENROL = _load("bulkhead_enrol")
BULKHEAD_LOOK = _load("bulkhead_look")
BULKHEAD_RELEASE = _load("bulkhead_release")
GUARD_EXIT = _load("guard_exit")
REJECTIONS_REPORT = _load("rejections_report")

ALL = {
    script.name.removesuffix(".lua"): script
    for script in list(globals().values())
    if isinstance(script, Script)
}
"""Every script by its name, but for those of algorithms."""


class LimiterScripts(NamedTuple):
    """The scripts that have an algorithm inside."""

    hit: Script
    peek: Script
    give: Script
    settle: Script
    lease: Script
    give_lent: Script
    keep: Script
    enter: Script


def limiter_scripts(lua: str) -> LimiterScripts:
    """The scripts of limits that count by an algorithm whose Lua text is ``lua``."""
    return LimiterScripts(
        hit=_load("limiter_hit", algorithm=lua),
        peek=_load("limiter_peek", algorithm=lua),
        give=_load("limiter_give", algorithm=lua),
        settle=_load("limiter_settle", algorithm=lua),
        lease=_load("limiter_lease", algorithm=lua),
        give_lent=_load("limiter_return", algorithm=lua),
        keep=_load("limiter_keep", algorithm=lua),
        enter=_load("guard_enter", algorithm=lua),
    )
