"""The one live table: what a list of `services.lists` looks like in the browser."""
