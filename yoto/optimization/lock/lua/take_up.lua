-- Hands a lock over to who has the ticket of the holder before. The value is another from then on, so
-- that a ticket is good once.
-- KEYS: 1 lock
-- ARGV: 1 value of the lock as the ticket names it, 2 value for the new holder, 3 lease in ms
-- returns: 1 it is the caller's, 0 the ticket was taken up already, or the lease had ended
-- repeatable: yes
local held = redis.call('GET', KEYS[1])
if held ~= ARGV[1] and held ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
