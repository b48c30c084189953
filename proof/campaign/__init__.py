"""The campaign: faults against the whole topology, and whether its promises held meanwhile."""
