"""What a person chose to see of a list."""
