-- Waits for a slot: joins the queue, or says that one still waits, or takes the slot.
-- KEYS: 1 holders, 2 queue, 3 alive
-- ARGV: 1 request id, 2 cap, 3 lease, 4 how long a waiter that is not heard counts as alive (microseconds)
-- returns: -1 inside, else how many of those before must go in first
-- repeatable: yes
--@include bulkhead.lua
local holders, queue, alive, id = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
if redis.call('ZSCORE', holders, id) then return -1 end
local patience = tonumber(ARGV[4])
bulkhead_sweep_queue(queue, alive)
redis.call('ZADD', queue, 'NX', now, id)
redis.call('ZADD', alive, now + patience, id)
local cap = tonumber(ARGV[2])
local held = bulkhead_held(holders, cap)
local before = redis.call('ZRANK', queue, id)
if held + before < cap then
  redis.call('ZREM', queue, id)
  redis.call('ZREM', alive, id)
  bulkhead_enter(holders, id, tonumber(ARGV[3]), held)
  return -1
end
redis.call('PEXPIRE', queue, math.ceil(patience / 1000))
redis.call('PEXPIRE', alive, math.ceil(patience / 1000))
return before
