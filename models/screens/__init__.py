"""What shared screens show by themselves, and how one is paired."""
