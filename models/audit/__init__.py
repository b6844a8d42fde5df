"""The audit log, and the heads of its chains."""
