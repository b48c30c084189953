-- Reads the counters of a user's behaviour, as they were when each was last added to.
-- KEYS: 1 hash, 2 hash of the failed sign-ins from the user's network, if that is known
-- ARGV: none
-- returns: {time in ms, field, value, field, value, ...}
-- repeatable: yes
local time = redis.call('TIME')
local found = {time[1] * 1000 + math.floor(time[2] / 1000)}
for _, key in ipairs(KEYS) do
  for _, text in ipairs(redis.call('HGETALL', key)) do
    table.insert(found, text)
  end
end
return found
