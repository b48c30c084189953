"""Who calls and who operates, and what keeps others out: each module is usable alone."""
