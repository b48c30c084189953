-- Adds what one worker recorded to the points of every resolution and to the totals of its host.
-- A batch that was taken already, by its sequence number, is not taken again. Points and totals are
-- flat arrays in MessagePack: the generation of the numbers, then number and value in turn.
-- KEYS: 1 numbers (hash: cell to number), 2 workers (hash: id to what it said last),
--   3 heard (sorted set: id by ms), 4 totals of the host, 5... the point of each resolution
-- ARGV: 1 worker, 2 sequence, 3 ms since the batch was closed, 4 batch (MessagePack: cells that add
--   up and their values in turn, cells of which the largest counts, gauges), 5 whether the worker
--   ends ('1' or '0'), 6 most cells, 7 most workers, 8 ms to keep numbers and totals, 9 ms to keep
--   workers, then for each resolution: ms of a point, number of the point, ms to keep it
-- returns: {1 taken, 0 known already, -1 a point has another number by now; ms now; series refused}
-- repeatable: yes
-- A series is taken with all its cells or not at all: the first cell of a new one, of kind c, s or n,
-- gets a number only while there is room, and the others only if that one has its number.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local worker, sequence = ARGV[1], tonumber(ARGV[2])
local at = now - tonumber(ARGV[3])

local known = redis.call('HGET', KEYS[2], worker)
if known and cmsgpack.unpack(known)[1] >= sequence then return {0, now, 0} end

local points = {}
for i = 5, #KEYS do
  local first = 10 + (i - 5) * 3
  local length, number, keep = tonumber(ARGV[first]), tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  if math.floor(at / length) ~= number then return {-1, now, 0} end
  points[#points + 1] = {KEYS[i], (number + 1) * length + keep - now}
end

local generation = redis.call('HGET', KEYS[1], '')
if not generation then
  generation = string.format('%d', now)
  redis.call('HSET', KEYS[1], '', generation)
end
generation = tonumber(generation)

local batch = cmsgpack.unpack(ARGV[4])
local count, most, refused = redis.call('HLEN', KEYS[1]), tonumber(ARGV[6]), 0

local function first_of(cell)
  local kind, series = cell:sub(1, 1), cell:match(':.*')
  if kind == 'h' then return 's' .. series end
  if kind == 't' or kind == 'm' or kind == 'l' then return 'n' .. series end
  return cell
end

local function room_for(cell)
  if count <= most then return true end
  local first = first_of(cell)
  return first ~= cell and count <= 2 * most and redis.call('HEXISTS', KEYS[1], first) == 1
end

-- The numbers of the cells in a flat list of cells and values, and the values.
local function numbered(flat)
  local numbers, values = {}, {}
  for start = 1, #flat, 1000 do
    local cells = {}
    for i = start, math.min(start + 998, #flat - 1), 2 do cells[#cells + 1] = flat[i] end
    local found = redis.call('HMGET', KEYS[1], unpack(cells))
    for i, cell in ipairs(cells) do
      local number = tonumber(found[i])
      if not number and room_for(cell) then
        number = count
        count = count + 1
        redis.call('HSET', KEYS[1], cell, number)
      end
      if number then
        numbers[#numbers + 1] = number
        values[#values + 1] = flat[start + i * 2 - 1]
      elseif first_of(cell) == cell then
        refused = refused + 1
      end
    end
  end
  return numbers, values
end

local adding, added = numbered(batch[1])
local rising, risen = numbered(batch[2])

local function put(key, life)
  local stored = redis.call('GET', key)
  local flat = stored and cmsgpack.unpack(stored) or {generation}
  if flat[1] ~= generation then flat = {generation} end
  local places = {}
  for i = 2, #flat, 2 do places[flat[i]] = i + 1 end
  local function slot(number)
    local place = places[number]
    if not place then
      flat[#flat + 1] = number
      flat[#flat + 1] = false
      place = #flat
      places[number] = place
    end
    return place
  end
  for i, number in ipairs(adding) do
    local place = slot(number)
    flat[place] = (flat[place] or 0) + added[i]
  end
  for i, number in ipairs(rising) do
    local place = slot(number)
    flat[place] = flat[place] and math.max(flat[place], risen[i]) or risen[i]
  end
  redis.call('SET', key, cmsgpack.pack(flat), 'PX', string.format('%d', life))
end

for _, point in ipairs(points) do
  if point[2] > 0 then put(point[1], point[2]) end
end
put(KEYS[4], tonumber(ARGV[8]))

redis.call('HSET', KEYS[2], worker, cmsgpack.pack({sequence, now, tonumber(ARGV[5]), batch[3], at}))
redis.call('ZADD', KEYS[3], now, worker)
local gone = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - ARGV[9], 'LIMIT', 0, 100)
local over = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[7])
if #gone == 0 and over > 0 then
  gone = redis.call('ZRANGE', KEYS[3], 0, math.min(over, 100) - 1)
end
if #gone > 0 then
  redis.call('HDEL', KEYS[2], unpack(gone))
  redis.call('ZREM', KEYS[3], unpack(gone))
end
redis.call('PEXPIRE', KEYS[1], ARGV[8])
redis.call('PEXPIRE', KEYS[2], ARGV[9])
redis.call('PEXPIRE', KEYS[3], ARGV[9])
return {1, now, refused}
