"""The one live table: a list of `services.lists` in the browser."""
