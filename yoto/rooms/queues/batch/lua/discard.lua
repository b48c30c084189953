-- Throws a dead letter away.
-- KEYS: 1 to 6 those of the kind
-- ARGV: 1 id
-- returns: 1 thrown away, 0 there was none
-- repeatable: no
--@include kind.lua
local kind = kind_at(1)
local gone = redis.call('HDEL', kind.letters, ARGV[1])
redis.call('ZREM', kind.dead, ARGV[1])
count(kind, 'discarded', gone)
return gone
