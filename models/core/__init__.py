"""What the processes of one Rollcall say to each other."""
