"""Reading Rego sources without running them, for all engines alike."""
