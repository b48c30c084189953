"""The people and other subjects of permissions: their numbers, kinds and credentials."""
