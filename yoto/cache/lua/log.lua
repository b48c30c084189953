-- The invalidation log: a stream, and a counter that numbers its entries one by one, so that a
-- reader sees when some are missing. When the counter was lost, numbering goes on from the time in
-- microseconds: never where it stopped.

-- Appends tags (joined by spaces) as one entry; returns its id and number, or nil and an error.
-- The id is above known_ms-known_sequence even if the log was lost and the clock is behind. late: ms
-- that the change had waited for before ('0' or nil: none), for those who measure.
local function append_entry(log, counter, tags, keep, time, known_ms, known_sequence, late)
  if redis.call('EXISTS', counter) == 0 then
    redis.call('SET', counter, string.format('%.0f', time[1] * 1000000 + time[2]))
  end
  local number = string.format('%.0f', redis.call('INCR', counter))

  local function add(id)
    if late and late ~= '0' then
      return redis.pcall('XADD', log, 'MAXLEN', '~', keep, id, 'n', number, 's', tags, 'a', late)
    end
    return redis.pcall('XADD', log, 'MAXLEN', '~', keep, id, 'n', number, 's', tags)
  end

  local id
  if time[1] * 1000 + math.floor(time[2] / 1000) <= tonumber(known_ms) then
    id = add(string.format('%.0f-%.0f', known_ms, known_sequence + 1))
  end
  if type(id) ~= 'string' then
    id = add('*')
  end
  if type(id) ~= 'string' then
    return nil, id
  end
  return id, number
end

local function keep_for(ttl, ...)
  for _, key in ipairs({...}) do
    redis.call('PEXPIRE', key, ttl)
  end
end
