"""The version of Yoto, for those who look at a running process."""

YOTO_VERSION = "0.1.0"
