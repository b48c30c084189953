-- Forgets members.
-- KEYS: 1 pairs or roles (a sorted set)
-- ARGV: members
-- returns: how many were there
-- repeatable: yes
local gone = 0
for _, member in ipairs(ARGV) do
  gone = gone + redis.call('ZREM', KEYS[1], member)
end
return gone
