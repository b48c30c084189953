"""AuthZEN Authorization API 1.0, for programs that ask as they would ask any decision point."""
