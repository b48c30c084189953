-- Included after limiter.lua. The marks of a lease in the state of a dimension, so that units that
-- come back later are taken only from the charge that they belong to.
--   buckets  a number beside the state: the last moment at which a lease raised the level by the
--            units that would drain while it lasts. Earlier charges are no longer part of it.
--   windows  the start of the window
--   log      the sum of units up to the entry
local function mark_of(stored)
  if charge_log or not stored then return 0 end
  if lease_end then return struct.unpack('<d', stored) end
  return #stored > state_length and struct.unpack('<d', stored, state_length + 1) or 0
end
