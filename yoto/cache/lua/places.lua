-- Counts the places of a user that have entries.
-- KEYS: 1 entries of a user (a hash)
-- ARGV: none
-- returns: their number
-- repeatable: yes
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
  return 0
end
return redis.call('HLEN', KEYS[1])
