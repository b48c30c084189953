-- One dead letter.
-- KEYS: 1 to 6 those of the kind
-- ARGV: 1 id
-- returns: the letter, or nil
-- repeatable: yes
--@include kind.lua
local kind = kind_at(1)
return redis.call('HGET', kind.letters, ARGV[1])
