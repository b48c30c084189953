-- Reads the board of raised levels, and takes expired ones off it.
-- KEYS: 1 board (hash), 2 event stream
-- ARGV: 1 source, 2 stream length, 3 ms to keep the stream
-- returns: {ms of the server's time, source and value in turn}
-- repeatable: yes
--@include board.lua
return {now, prune(KEYS[1], {KEYS[2], ARGV[1], ARGV[2], ARGV[3]})}
