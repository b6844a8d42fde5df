"""An organisation's users: their list, invitations, and changes."""
