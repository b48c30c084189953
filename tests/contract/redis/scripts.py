"""Small scripts for the tests of the registry."""

from __future__ import annotations

from yoto.redis import Script

ECHO = Script("echo", "return {KEYS[1], ARGV[1], #KEYS, #ARGV}", repeatable=True)
EMPTY = Script("empty", "return 1", repeatable=True)
COUNT = Script("count", "return redis.call('INCR', KEYS[1])", repeatable=False)
# Says what is not true, so that a test sees how often it ran.
REPEATABLE_COUNT = Script("repeatable_count", COUNT.source, repeatable=True)
ADD = Script("add", "redis.call('SADD', KEYS[1], ARGV[1]) return 1", repeatable=True)
ADD_BOTH = Script(
    "add_both",
    "redis.call('SADD', KEYS[1], ARGV[1]) redis.call('SADD', KEYS[2], ARGV[1]) return 1",
    repeatable=True,
)
FAILS = Script("fails", "return redis.call('INCR', KEYS[1], 'one too many')", repeatable=True)
REFUSES = Script("refuses", "return redis.error_reply('ERR sorry, not today')", repeatable=True)
NIL = Script("nil", "return nil", repeatable=True)
LARGE = Script("large", "return string.rep('x', tonumber(ARGV[1]))", repeatable=True)
