-- Takes a slot, if one is free and nobody waits for it.
-- KEYS: 1 holders, 2 queue, 3 alive
-- ARGV: 1 request id, 2 cap, 3 lease in microseconds
-- returns: 1 inside, 0 full
-- repeatable: yes
--@include bulkhead.lua
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
local held = bulkhead_ask(KEYS[1], KEYS[2], KEYS[3], tonumber(ARGV[2]))
if not held then return 0 end
bulkhead_enter(KEYS[1], ARGV[1], tonumber(ARGV[3]), held)
return 1
