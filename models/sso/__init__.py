"""Single sign-on: connections, linked users, and sessions that began with it."""
