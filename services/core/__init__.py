"""What stands under everything and needs no database: settings, errors, forms, events, time."""
