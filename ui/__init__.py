"""The faces that people see. Pages compose; services decide."""
