-- Dead letters of one kind, the newest first.
-- KEYS: 1 to 6 those of the kind
-- ARGV: 1 number below which they are, or '+inf', 2 most letters
-- returns: id and letter in turns
-- repeatable: yes
--@include kind.lua
local kind = kind_at(1)
local reply = {}
local ids = redis.call(
  'ZREVRANGEBYSCORE', kind.dead, '(' .. ARGV[1], '-inf', 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  reply[#reply + 1] = id
  reply[#reply + 1] = redis.call('HGET', kind.letters, id)
end
return reply
