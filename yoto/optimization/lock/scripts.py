"""The Lua scripts of the lock."""

from __future__ import annotations

from yoto.redis import load_script

_PACKAGE = "yoto.optimization.lock.lua"

ACQUIRE = load_script(_PACKAGE, "acquire.lua")
ABANDON = load_script(_PACKAGE, "abandon.lua")
EXTEND = load_script(_PACKAGE, "extend.lua")
FENCED = load_script(_PACKAGE, "fenced.lua")
FORCE = load_script(_PACKAGE, "force.lua")
LISTING = load_script(_PACKAGE, "listing.lua")
LOOK = load_script(_PACKAGE, "look.lua")
PUBLISH = load_script(_PACKAGE, "publish.lua")
RELEASE = load_script(_PACKAGE, "release.lua")
RW_ABANDON = load_script(_PACKAGE, "rw_abandon.lua")
RW_ACQUIRE = load_script(_PACKAGE, "rw_acquire.lua")
RW_EXTEND = load_script(_PACKAGE, "rw_extend.lua")
RW_LOOK = load_script(_PACKAGE, "rw_look.lua")
RW_RELEASE = load_script(_PACKAGE, "rw_release.lua")
TAKE_UP = load_script(_PACKAGE, "take_up.lua")
