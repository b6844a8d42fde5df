"""What shared screens show, and how one is paired and revoked."""
