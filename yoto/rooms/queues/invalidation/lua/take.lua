-- Claims the items to publish next. There is one claim at a time; as long as it stands, any worker
-- that asks gets it again, so the next one publishes the items of a worker that died.
-- KEYS: 1 state, 2 groups by age, 3 groups by size, 4 kinds, 5 reasons, 6 claim, 7 later, 8 why later, 9 told, then items, why and totals of each group
-- ARGV: 1 id for a new claim, 2 ms to keep the keys, 3 ms of the rates' window, 4 single items a second or 0 for any number, 5 ms after which an item is overdue, 6 single items at most, 7 due items at most, 8 strategy, then for each group: its name, and the subject that stands for it or nothing
-- returns: {id, strategy, items, lines}, or nil: there is nothing to be taken now; a line is level, subject, covering subject or -
-- repeatable: yes
--@include shared.lua
local state, by_age, by_size, kinds, reasons, claim, later, why_later, told = unpack(KEYS, 1, 9)
local id, ttl, window, pace = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local patience, most, most_due = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local present = redis.call('HMGET', claim, 'id', 'strategy', 'items', 'lines')
if present[1] then
  return present
end

local now = now_ms()
local lines, items, due, oldest = {}, 0, 0, now

for _, item in ipairs(redis.call('ZRANGE', later, '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, most_due)) do
  local moment, line = item:match('^(%d+) (.*)$')
  redis.call('ZREM', later, item)
  redis.call('HDEL', why_later, item)
  redis.call('ZADD', told, whole(now), item)
  lines[#lines + 1] = line
  due = due + 1
  oldest = math.min(oldest, tonumber(moment))
end

-- Ends a group with its remaining count; returns how many items it had.
local function close(name, group_items, why, totals)
  local counted = redis.call('HGETALL', totals)
  for at = 1, #counted, 2 do
    local field, n = counted[at]:sub(3), tonumber(counted[at + 1])
    if counted[at]:sub(1, 2) == 'k:' then
      lower_field(kinds, field, n)
    else
      lower_member(reasons, field, n)
    end
  end
  local size = tonumber(redis.call('ZSCORE', by_size, name) or '0')
  redis.call('UNLINK', group_items, why, totals)
  redis.call('ZREM', by_size, name)
  redis.call('ZREM', by_age, name)
  return size
end

local function take_whole(name, subject, group_items, why, totals)
  oldest = math.min(oldest, tonumber(redis.call('ZSCORE', by_age, name) or now))
  items = items + close(name, group_items, why, totals)
  lines[#lines + 1] = name:match('^%S+') .. ' ' .. subject .. ' -'
end

-- Paced items are paid from a credit that grows with Redis's time, whichever worker takes them.
local credit = most
if pace > 0 then
  local had, at = unpack(redis.call('HMGET', state, 'credit', 'credit_at'))
  local most_credit = math.max(1, pace / 4)
  local grown = pace * math.max(0, now - tonumber(at or now)) / 1000
  credit = math.min(most_credit, tonumber(had or most_credit) + grown)
end

local function take_some(name, group_items, why, totals)
  local overdue = redis.call('ZCOUNT', group_items, '-inf', whole(now - patience))
  local may = math.min(most, math.max(math.floor(credit), overdue))
  if may <= 0 then
    return
  end
  local taken = redis.call('ZPOPMIN', group_items, may)
  for at = 1, #taken, 2 do
    local subject = taken[at]
    lower_field(kinds, kind_of(subject), 1)
    lower_field(totals, 'k:' .. kind_of(subject), 1)
    for reason, n in (redis.call('HGET', why, subject) or ''):gmatch('([^=,]+)=(%d+)') do
      lower_member(reasons, reason, n)
      lower_field(totals, 'r:' .. reason, n)
    end
    redis.call('HDEL', why, subject)
    lines[#lines + 1] = name:match('^%S+') .. ' ' .. subject .. ' -'
    oldest = math.min(oldest, tonumber(taken[at + 1]))
  end
  local count = #taken / 2
  items, most, credit = items + count, most - count, math.max(0, credit - count)
  local left = redis.call('ZRANGE', group_items, 0, 0, 'WITHSCORES')
  if left[1] then
    redis.call('ZADD', by_age, left[2], name)
    redis.call('ZINCRBY', by_size, -count, name)
  else
    -- Items that a group counts and lacks, since its key was evicted, do not wait any more.
    local size = close(name, group_items, why, totals)
    redis.call('HINCRBY', state, 'waiting', whole(count - size))
  end
end

local group = 0
for at = 9, #ARGV, 2 do
  local name, subject = ARGV[at], ARGV[at + 1]
  local group_items, why, totals = unpack(KEYS, 10 + group * 3, 12 + group * 3)
  group = group + 1
  if subject == '' then
    take_some(name, group_items, why, totals)
  elseif redis.call('ZSCORE', by_size, name) then
    take_whole(name, subject, group_items, why, totals)
  end
end

if pace > 0 then
  redis.call('HSET', state, 'credit', string.format('%.6f', credit), 'credit_at', whole(now))
end
if #lines == 0 then
  return false
end
redis.call('HINCRBY', state, 'waiting', whole(-items))
count_rate(state, 'in', due, now, window)
local body = table.concat(lines, '\n')
redis.call('HSET', claim, 'id', id, 'strategy', ARGV[8], 'items', whole(items + due), 'lines', body,
  'due', whole(due), 'oldest', whole(oldest), 'taken_at', whole(now))
keep_for(ttl, state, by_age, by_size, kinds, reasons, claim, later, why_later, told)
return {id, ARGV[8], whole(items + due), body}
