-- Makes every worker follow one strategy for a while, or that of the analysis.
-- KEYS: 1 state
-- ARGV: 1 strategy, or nothing for what the analysis says, 2 ms, 3 why, 4 ms to keep the key
-- returns: 1
-- repeatable: yes
--@include shared.lua
local state = KEYS[1]
if ARGV[1] == '' then
  redis.call('HDEL', state, 'forced', 'forced_until', 'forced_why')
else
  redis.call('HSET', state, 'forced', ARGV[1], 'forced_until', whole(now_ms() + ARGV[2]), 'forced_why', ARGV[3])
  keep_for(ARGV[4], state)
end
return 1
