-- Included after limiter.lua. What a lease leaves behind in the state of a dimension, so that units
-- that come back later are taken only from the charge that they belong to.
--   buckets  a number beside the state: the last moment at which a lease raised the level to what
--            would else drain while it lasts. What was charged before that is part of it no more.
--   windows  the start of the window
--   log      the sum of units up to the entry
local STATE_LENGTH = algorithm == 1 and 24 or 16

local function mark_of(stored)
  if charge_log or not stored then return 0 end
  if algorithm == 2 or algorithm == 4 then return struct.unpack('<d', stored) end
  return #stored > STATE_LENGTH and struct.unpack('<d', stored, STATE_LENGTH + 1) or 0
end
