"""What applications that Yoto is embedded in need around their requests: each usable alone."""
