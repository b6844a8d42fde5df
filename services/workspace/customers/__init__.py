"""A customer's people in a POC: invited, let in, shut out, and what they see and do."""
