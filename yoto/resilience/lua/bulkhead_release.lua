-- Gives back the slots of processes that do not live any more, before their leases end.
-- KEYS: 1 holders
-- ARGV: ids of the living instances
-- returns: how many slots came back
-- repeatable: yes
local living = {}
for i = 1, #ARGV do living[ARGV[i]] = true end
local released = 0
for _, holder in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  -- An id is that of its instance and three parts more; see RequestIds.
  local instance = string.match(holder, '^(.*)%.[^.]*%.[^.]*%.[^.]*$')
  if instance and not living[instance] then
    released = released + redis.call('ZREM', KEYS[1], holder)
  end
end
return released
