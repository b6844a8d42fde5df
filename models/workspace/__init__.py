"""The tables of the work behind the users: templates, POCs, and what belongs to a POC."""
