-- Deletes a user's actions from a part of the behaviour log. The first call notifies every worker,
-- and keeps actions on their way out of the log.
-- KEYS: 1 log, 2 recently forgotten users (sorted by ms)
-- ARGV: 1 user, 2 id to go on after, or '' for the first call, 3 entries to look at, 4 ms to keep the
--       keys
-- returns: id to go on after; '' at the end
-- repeatable: yes
local after = ARGV[2]
if after == '' then
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[2],
    string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), ARGV[1])
  redis.call('XADD', KEYS[1], '*', 'f', ARGV[1])
  after = '0-0'
  for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, ARGV[4])
  end
end

local entries = redis.call('XRANGE', KEYS[1], '(' .. after, '+', 'COUNT', ARGV[3])
for _, entry in ipairs(entries) do
  local fields = entry[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'u' and fields[i + 1] == ARGV[1] then
      redis.call('XDEL', KEYS[1], entry[1])
    end
  end
end
if #entries < tonumber(ARGV[3]) then
  return ''
end
return entries[#entries][1]
