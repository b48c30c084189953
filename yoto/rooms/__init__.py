"""Optional features, each in a folder that an application can do without (see ``yoto.room``)."""
