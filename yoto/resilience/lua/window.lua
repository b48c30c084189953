-- Included. The sliding windows of a breaker, each packed into one string.

-- Counts failures and slow calls in a ring; only needed after its size was changed live.
local function count_ring(ring)
  local failures, slows = 0, 0
  for at = 1, #ring do
    local outcome = string.byte(ring, at)
    failures = failures + outcome % 2
    slows = slows + math.floor(outcome / 2)
  end
  return failures, slows
end

-- The last `size` calls: '<I4I4I4' position of the oldest, failures, slow calls; then a byte a call
-- (1 failed, 2 slow, added). Returns the new string (nil when count is 0), calls, failures, slow
-- calls, and whether the key's TTL is to be renewed: at every call, since the life of a ring of calls
-- is unknown. Several at once (count above 1) have succeeded in time.
local function count_window(packed, size, count, failed, slow)
  local oldest, failures, slows, ring = 0, 0, 0, ''
  if packed then
    oldest, failures, slows = struct.unpack('<I4I4I4', packed)
    ring = string.sub(packed, 13)
  end
  if #ring > size or oldest > 0 and #ring < size then
    -- The size was changed live: keep the newest outcomes.
    ring = string.sub(string.sub(ring, oldest + 1) .. string.sub(ring, 1, oldest), -size)
    oldest, failures, slows = 0, count_ring(ring)
  end
  if count == 0 then return nil, #ring, failures, slows end
  if count > 1 then
    ring = string.sub(ring, oldest + 1) .. string.sub(ring, 1, oldest)
    ring = string.sub(ring .. string.rep('\0', math.min(count, size)), -size)
    failures, slows = count_ring(ring)
    return struct.pack('<I4I4I4', 0, failures, slows) .. ring, #ring, failures, slows, true
  end
  if #ring == size then
    local gone = string.byte(ring, oldest + 1)
    failures, slows = failures - gone % 2, slows - math.floor(gone / 2)
  end
  local outcome = string.char(failed + 2 * slow)
  if #ring < size then
    ring = ring .. outcome
  else
    ring = string.sub(ring, 1, oldest) .. outcome .. string.sub(ring, oldest + 2)
    oldest = (oldest + 1) % size
  end
  failures, slows = failures + failed, slows + slow
  local new = struct.pack('<I4I4I4', oldest, failures, slows) .. ring
  return new, #ring, failures, slows, true
end

-- The last `size` seconds in tenths of it: '<dI4I4I4' start, calls, failures, slow calls a bucket,
-- oldest first. A bucket leaves a window's length after its start; buckets of a future, which this
-- server's clock went back from, become part of the present one.
local function time_window(packed, size, count, failed, slow)
  local length = size * 1000000
  local width = length / 10
  local start = math.floor(now / width) * width
  local calls, failures, slows = count, failed, slow
  local bucket_calls, bucket_failures, bucket_slows = count, failed, slow
  local from, to, renew = 1, packed and #packed or 0, true
  for at = 1, to, 20 do
    local began, c, f, s = struct.unpack('<dI4I4I4', packed, at)
    if began <= now - length then
      from = at + 20
    else
      calls, failures, slows = calls + c, failures + f, slows + s
      if began >= start then
        if renew then to, renew = at - 1, false end
        bucket_calls, bucket_failures, bucket_slows =
          bucket_calls + c, bucket_failures + f, bucket_slows + s
      end
    end
  end
  if count == 0 then return nil, calls, failures, slows end
  local kept = to >= from and string.sub(packed, from, to) or ''
  return kept .. struct.pack('<dI4I4I4', start, bucket_calls, bucket_failures, bucket_slows), calls,
    failures, slows, renew
end
