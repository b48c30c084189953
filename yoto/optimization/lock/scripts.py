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
