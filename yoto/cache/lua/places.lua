-- How many places of a user there are entries of.
-- KEYS: 1 entries of a user (a hash)
-- ARGV: none
-- returns: their number
-- repeatable: yes
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
  return 0
end
return redis.call('HLEN', KEYS[1])
