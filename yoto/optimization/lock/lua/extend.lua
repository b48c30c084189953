-- Restarts the lease of a lock.
-- KEYS: 1 lock, 2 how long its lease may last (left out: as long as its value says)
-- ARGV: 1 value of the lock as its holder knows it, 2 lease in ms
-- returns: 1 extended, 0 it was not the caller's any more
-- repeatable: yes
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if KEYS[2] then
  redis.call('SET', KEYS[2], ARGV[2] .. ':' .. ARGV[1], 'PX', ARGV[2])
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
