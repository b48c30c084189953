"""AuthZEN Authorization API 1.0, for programs that use it like any policy decision point."""
