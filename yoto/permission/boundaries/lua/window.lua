-- Says up to when somebody has looked for what is known ahead, or notes it.
-- KEYS: 1 state
-- ARGV: 1 an id for a state that has none, 2 ms to keep the key, then to note: 3 the id that was returned, 4 ms looked up to
-- returns: {ms of Redis time, id of the state, ms looked up to or nil}; another id: the state was lost, and nothing is noted
-- repeatable: yes
local state = KEYS[1]
redis.call('HSETNX', state, 'epoch', ARGV[1])
local epoch = redis.call('HGET', state, 'epoch')
if ARGV[3] == epoch then
  redis.call('HSET', state, 'looked', ARGV[4])
end
redis.call('PEXPIRE', state, ARGV[2])
local time = redis.call('TIME')
return {time[1] * 1000 + math.floor(time[2] / 1000), epoch, redis.call('HGET', state, 'looked')}
