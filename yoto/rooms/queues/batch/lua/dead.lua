-- The dead letters of a kind: those that no handler could do.
--@include kind.lua

-- The value of a field of an entry.
local function field_of(fields, name)
  for index = 1, #fields, 2 do
    if fields[index] == name then
      return fields[index + 1]
    end
  end
end

-- Moves an item to the dead letters, which are in the order of their numbers; only the newest
-- `kept` stay.
local function bury(kind, id, tries, reason, now, kept)
  local found = redis.call('XRANGE', kind.stream, id, id)[1]
  remove(kind, {id})
  if found == nil then
    return
  end
  local number = redis.call('HINCRBY', kind.counts, 'dead', 1)
  local letter = cjson.encode({
    number = number,
    payload = field_of(found[2], 'payload') or '',
    tries = tonumber(tries),
    reason = reason,
    first = tonumber(field_of(found[2], 'first') or moment(id)),
    died = now,
  })
  redis.call('HSET', kind.letters, id, letter)
  redis.call('ZADD', kind.dead, number, id)
  lasting(kind, kind.letters)
  lasting(kind, kind.dead)
  meter(kind, 'out', 1, now)
  local excess = redis.call('ZCARD', kind.dead) - kept
  if excess > 0 then
    local gone = redis.call('ZPOPMIN', kind.dead, excess)
    for index = 1, #gone, 2 do
      redis.call('HDEL', kind.letters, gone[index])
    end
    count(kind, 'forgotten', excess)
  end
end
