-- Forgets the words of processes that are over by now (ms).
local function forget_ended(ends, words, now)
  local ended = redis.call('ZRANGEBYSCORE', ends, '-inf', now)
  for _, process in ipairs(ended) do
    redis.call('HDEL', words, process)
  end
  redis.call('ZREMRANGEBYSCORE', ends, '-inf', now)
end
