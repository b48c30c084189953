-- Appends events of one outbox to the event stream, each once: ids at or below the last one moved
-- are skipped, so several movers, and one that dies in between, do no harm.
-- KEYS: 1 event stream, 2 last id moved of this outbox
-- ARGV: 1 stream length, 2 stream ttl_ms, 3 outbox ttl_ms, then an event: id, type, at, source, data
-- returns: how many were new
-- repeatable: yes
local function parts(id)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end
local last_ms, last_number = parts(redis.call('GET', KEYS[2]) or '0-0')
local moved, newest = 0, nil
for at = 4, #ARGV, 5 do
  local ms, number = parts(ARGV[at])
  if ms > last_ms or ms == last_ms and number > last_number then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'type', ARGV[at + 1],
      'at', ARGV[at + 2], 'source', ARGV[at + 3], 'data', ARGV[at + 4])
    moved = moved + 1
    newest = ARGV[at]
  end
end
if newest then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  -- Longer than any entry stays in an outbox.
  redis.call('SET', KEYS[2], newest, 'PX', 2 * ARGV[3])
end
return moved
