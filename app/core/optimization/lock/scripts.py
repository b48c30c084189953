"""The Lua scripts of the lock."""

from __future__ import annotations

from app.core.redis import load_script

_PACKAGE = "app.core.optimization.lock.lua"

ACQUIRE = load_script(_PACKAGE, "acquire.lua")
ABANDON = load_script(_PACKAGE, "abandon.lua")
EXTEND = load_script(_PACKAGE, "extend.lua")
RELEASE = load_script(_PACKAGE, "release.lua")
