"""What signing in proves, and how often it failed."""
