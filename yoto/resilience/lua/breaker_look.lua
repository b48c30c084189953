-- Reads a circuit breaker without changing it.
-- KEYS: 1 breaker
-- ARGV: 1 counts calls, not seconds (1 or 0), 2 window size
-- returns: {state, period, microseconds to its end, reason, opens, streak, calls, failures, slow calls, probes running, probes that succeeded}
-- repeatable: yes
--@include clock.lua
--@include window.lua
local window, field = time_window, 'buckets'
if ARGV[1] == '1' then window, field = count_window, 'ring' end
local f = redis.call('HMGET', KEYS[1], 'state', 'period', 'until', 'reason', 'opens', 'streak',
  field, 'probes', 'good')
local _, calls, failures, slows = window(f[7], tonumber(ARGV[2]), 0, 0, 0)
local running = 0
for _, lease in pairs(f[8] and cmsgpack.unpack(f[8]) or {}) do
  if lease > now then running = running + 1 end
end
return {f[1] or 'closed', tonumber(f[2] or 0), math.ceil(math.max(0, tonumber(f[3] or 0) - now)),
  f[4] or '', tonumber(f[5] or 0), tonumber(f[6] or 0), calls, failures, slows, running, tonumber(f[9] or 0)}
