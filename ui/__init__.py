"""What people see. Pages compose; services decide."""
