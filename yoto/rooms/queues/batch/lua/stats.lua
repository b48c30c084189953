-- Reads all statistics of the queues, as of one moment.
-- KEYS: 1 consumers, then six for each kind
-- ARGV: none
-- returns: {now in ms, consumers as name and value in turns, then for each kind {length, in flight, delayed, dead letters, id of the oldest item or '', counts as name and value in turns, consumers as name and pending in turns}}
-- repeatable: yes
--@include kind.lua
local reply = {milliseconds(), redis.call('HGETALL', KEYS[1])}
for first = 2, #KEYS, KEYS_OF_KIND do
  local kind = kind_at(first)
  local oldest, pending = '', {}
  if redis.call('EXISTS', kind.stream) == 1 then
    local entry = redis.call('XRANGE', kind.stream, '-', '+', 'COUNT', 1)[1]
    oldest = entry and entry[1] or ''
    local members = has_group(kind) and redis.call('XINFO', 'CONSUMERS', kind.stream, GROUP) or {}
    for _, consumer in ipairs(members) do
      if consumer[2] ~= NOBODY then
        pending[#pending + 1] = consumer[2]
        pending[#pending + 1] = consumer[4]
      end
    end
  end
  reply[#reply + 1] = {
    length(kind),
    redis.call('ZCARD', kind.leases),
    redis.call('ZCARD', kind.delayed),
    redis.call('ZCARD', kind.dead),
    oldest,
    redis.call('HGETALL', kind.counts),
    pending,
  }
end
return reply
