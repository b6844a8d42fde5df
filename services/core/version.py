"""Which Rollcall this is. (An installed one has no pyproject.toml beside it; a test compares.)"""

VERSION = "0.2.0"
