"""New values of guards: replayed on recorded calls, and tried by one worker before all."""
