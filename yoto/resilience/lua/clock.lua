-- Included. `now`: microseconds since 1970 by this server. No client's clock decides anything.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
