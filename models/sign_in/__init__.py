"""Second factors, and counters of failed attempts."""
