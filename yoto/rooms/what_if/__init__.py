"""Who would gain and who would lose what by a change of rights, and two people side by side."""
