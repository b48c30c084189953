"""The people and other subjects of permissions: their kinds, and the numbers behind their ids."""
