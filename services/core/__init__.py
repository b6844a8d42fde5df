"""What stands under every noun: the database, settings, events, time."""
