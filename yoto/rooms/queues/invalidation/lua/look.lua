-- Shows the queue as it is; changes nothing.
-- KEYS: 1 state, 2 groups by age, 3 groups by size, 4 kinds, 5 reasons, 6 claim, 7 later, 8 why later
-- ARGV: 1 groups to list by size, 2 groups to list by age, 3 reasons to list, then names of groups whose sizes are wanted
-- returns: {ms of Redis time, state, number of groups, groups with sizes, groups with the ms since which they wait, kinds, reasons, {id, items, oldest ms} of the claim, number of items that are due later, {the first of them, its ms, why}, sizes wanted}
-- repeatable: yes
--@include shared.lua
local state, by_age, by_size, kinds, reasons, claim, later, why_later = unpack(KEYS)
local sizes = {}
for at = 4, #ARGV do
  sizes[#sizes + 1] = redis.call('ZSCORE', by_size, ARGV[at]) or '0'
end
local first = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')
if first[1] then
  first[3] = redis.call('HGET', why_later, first[1]) or ''
end
return {
  now_ms(),
  redis.call('HGETALL', state),
  redis.call('ZCARD', by_size),
  redis.call('ZREVRANGE', by_size, 0, ARGV[1] - 1, 'WITHSCORES'),
  redis.call('ZRANGE', by_age, 0, ARGV[2] - 1, 'WITHSCORES'),
  redis.call('HGETALL', kinds),
  redis.call('ZREVRANGE', reasons, 0, ARGV[3] - 1, 'WITHSCORES'),
  redis.call('HMGET', claim, 'id', 'items', 'oldest'),
  redis.call('ZCARD', later),
  first,
  sizes,
}
