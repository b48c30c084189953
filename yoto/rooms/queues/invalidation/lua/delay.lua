-- Keeps items until they are due; one that is kept already, or was taken when due, changes nothing.
-- KEYS: 1 state, 2 later, 3 why, 4 told
-- ARGV: 1 ms to keep the keys, 2 ms ahead that are allowed, 3 ms for which told items are known, then for each item: due ms, level, subject, covering subject or -, reason
-- returns: {ms of Redis time, items that are new}, or {ms of Redis time, -1} and nothing was kept: one is due too far ahead
-- repeatable: yes
--@include shared.lua
local state, later, why, told = unpack(KEYS)
local ttl, ahead, known_for = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_ms()
for at = 4, #ARGV, 5 do
  if tonumber(ARGV[at]) > now + ahead then
    return {now, -1}
  end
end

redis.call('ZREMRANGEBYSCORE', told, '-inf', whole(now - known_for))
local new = 0
for at = 4, #ARGV, 5 do
  local item = table.concat(ARGV, ' ', at, at + 3)
  local told_at = redis.call('ZSCORE', told, item)
  -- A publication in the future dates from before the clock was set back: it was too early.
  if (not told_at or tonumber(told_at) > now)
      and redis.call('ZADD', later, 'NX', ARGV[at], item) == 1 then
    redis.call('HSET', why, item, ARGV[at + 4])
    new = new + 1
  end
end
redis.call('HINCRBY', state, 'delayed', new)
keep_for(ttl, state, later, why, told)
return {now, new}
