"""Single sign-on: the connections, and who came by them."""
