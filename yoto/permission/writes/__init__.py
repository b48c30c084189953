"""Every change of permissions, in one frame: actor, transaction, audit record."""
