"""What the pages are made of: our own elements, each with its Vue component beside it."""
