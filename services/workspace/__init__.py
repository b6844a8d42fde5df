"""The work behind the users: templates, POCs, and what belongs to a POC."""
