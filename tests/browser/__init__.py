"""What people do with Rollcall, in a real browser against a real server."""
