-- Records how one call of a handler ended for its items. Items no longer on this try of this
-- consumer are left alone and counted, unless an earlier answer to this very call may be lost.
-- KEYS: 1 to 6 those of the kind
-- ARGV: 1 consumer, 2 done, retry, later (which uses up no try, while the item is young) or dead, 3 reason, 4 most tries, 5 dead letters to keep, 6 ms for which an item is young, 7 1 if this was sent before, then for each item in the order of the stream its id, its try, and ms until it is tried again
-- returns: {items it held for, of these dead}
-- repeatable: no
--@include dead.lua
local kind = kind_at(1)
local consumer, outcome, reason = ARGV[1], ARGV[2], ARGV[3]
local most_tries, kept, young = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local now = milliseconds()

if not there_is(kind) then
  -- The store lost everything: there is nothing to count for.
  return {0, 0}
end
local tries = {}
local most = redis.call('ZCARD', kind.leases)
local pending = most > 0 and redis.call(
  'XPENDING', kind.stream, GROUP, ARGV[8], ARGV[#ARGV - 2], most, consumer) or {}
for _, entry in ipairs(pending) do
  tries[entry[1]] = entry[4]
end

local held, dead, later, all = {}, 0, 0, 0
for index = 8, #ARGV, 3 do
  local id, try = ARGV[index], tonumber(ARGV[index + 1])
  all = all + 1
  if tries[id] == try then
    held[#held + 1] = id
    local free = outcome == 'later' and now - moment(id) < young
    if outcome == 'dead' or (outcome ~= 'done' and not free and try >= most_tries) then
      bury(kind, id, try, reason, now, kept)
      dead = dead + 1
    elseif outcome ~= 'done' then
      local counted = try
      if free then
        counted = try - 1
        later = later + 1
      end
      redis.call(
        'XCLAIM', kind.stream, GROUP, NOBODY, 0, id, 'RETRYCOUNT', counted, 'JUSTID')
      redis.call('ZREM', kind.leases, id)
      redis.call('ZADD', kind.delayed, now + ARGV[index + 2], id)
      lasting(kind, kind.delayed)
    end
  end
end

if outcome == 'done' then
  if #held > 0 then
    remove(kind, held)
    meter(kind, 'out', #held, now)
  end
  count(kind, 'handled', #held)
else
  count(kind, 'failed', #held)
  count(kind, 'retried', #held - dead)
  count(kind, 'postponed', later)
end
if ARGV[7] == '0' then
  count(kind, outcome == 'done' and 'duplicates' or 'late_failures', all - #held)
end
return {#held, dead}
