"""The decision log: what was allowed or denied to whom, and the same question asked again."""
