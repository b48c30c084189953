-- Returns the changes since a revision, and keeps the configuration from running out.
-- KEYS: 1 configuration (hash)
-- ARGV: 1 known revision, 2 ms to keep
-- returns: {ms of the server's time, revision or '', fields and values in turn if the revision differs}
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local revision = redis.call('HGET', KEYS[1], 'revision') or ''
if revision ~= '' and redis.call('PTTL', KEYS[1]) < ARGV[2] / 2 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if revision == ARGV[1] then
  return {now, revision, {}}
end
return {now, revision, redis.call('HGETALL', KEYS[1])}
