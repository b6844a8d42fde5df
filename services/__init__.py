"""The rules. Each public function is one transaction, and checks for itself who may call it."""
