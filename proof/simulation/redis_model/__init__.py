"""A model of Redis in memory, with a clock that is set and failures on demand."""
