"""Permission templates: named sets of permissions in levels, as values; nothing here is stored."""
