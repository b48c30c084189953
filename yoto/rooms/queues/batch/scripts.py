"""The Lua scripts of the queue."""

from __future__ import annotations

from yoto.redis import load_script

_PACKAGE = "yoto.rooms.queues.batch.lua"

BEAT = load_script(_PACKAGE, "beat.lua")
DISCARD = load_script(_PACKAGE, "discard.lua")
ENQUEUE = load_script(_PACKAGE, "enqueue.lua")
LETTERS = load_script(_PACKAGE, "letters.lua")
REDRIVE = load_script(_PACKAGE, "redrive.lua")
RENEW = load_script(_PACKAGE, "renew.lua")
SETTLE = load_script(_PACKAGE, "settle.lua")
STATS = load_script(_PACKAGE, "stats.lua")
TAKE = load_script(_PACKAGE, "take.lua")
