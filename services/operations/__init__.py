"""Running Rollcall: the first start, workers, housekeeping, backups."""
