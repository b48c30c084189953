"""Request handling for applications that embed Yoto: each module is usable alone."""
