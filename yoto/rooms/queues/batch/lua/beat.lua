-- Says that a consumer lives (or leaves), keeps its queues, and takes consumers that are gone out
-- of the groups as soon as nothing is pending for them.
-- KEYS: 1 consumers, 2 kinds, then six for each kind
-- ARGV: 1 consumer, 2 what it says of itself ('' if it leaves), 3 ms after which a silent one is gone, 4 ms to keep the queues
-- returns: consumers taken out of groups
-- repeatable: yes
--@include kind.lua
local now = milliseconds()
local function as_value(text)
  return string.format('%d %s', now, text)
end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], as_value(ARGV[2]))
end

local alive = {[NOBODY] = true}
local all = redis.call('HGETALL', KEYS[1])
for index = 1, #all, 2 do
  local silent = now - tonumber(string.match(all[index + 1], '^%d+'))
  -- A consumer that was heard in the future was heard before the clock was set back.
  if silent > tonumber(ARGV[3]) or silent < 0 then
    redis.call('HDEL', KEYS[1], all[index])
  else
    alive[all[index]] = true
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])

local removed = 0
for first = 3, #KEYS, KEYS_OF_KIND do
  local kind = kind_at(first)
  keep(kind, ARGV[4])
  if there_is(kind) then
    for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', kind.stream, GROUP)) do
      -- {'name', its name, 'pending', how many, ...}
      if not alive[consumer[2]] and consumer[4] == 0 then
        redis.call('XGROUP', 'DELCONSUMER', kind.stream, GROUP, consumer[2])
        removed = removed + 1
      end
    end
  end
end
return removed
