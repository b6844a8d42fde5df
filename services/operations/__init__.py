"""What runs Rollcall: the first start, workers, housekeeping, backups."""
