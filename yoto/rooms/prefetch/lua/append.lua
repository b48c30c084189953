-- Appends the actions of several users to the behaviour log, unless this batch is there already,
-- and except for users who were forgotten since.
-- KEYS: 1 log, 2 number of the writer's last batch, 3 recently forgotten users (sorted by ms)
-- ARGV: 1 writer, 2 number of the batch, 3 entries to keep, 4 ms to keep the keys, 5 ms for which
--       the forgotten are remembered, then for each user: id, age in ms of the oldest activity, activities
-- returns: {time in ms, ids of the users who were left out ...}
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = tonumber(redis.call('GET', KEYS[2]) or '-1') >= tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ARGV[5])

local reply = {now}
for i = 6, #ARGV, 3 do
  local user, oldest, activities = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local forgotten = redis.call('ZSCORE', KEYS[3], user)
  if forgotten and now - oldest <= tonumber(forgotten) then
    table.insert(reply, user)
  elseif not known then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*',
      'w', ARGV[1], 'u', user, 'd', activities)
  end
end
if not known then
  redis.call('SET', KEYS[2], ARGV[2])
  redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f', now - ARGV[4]))
end
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, ARGV[4])
end
return reply
