"""Mails: the outbox, and their delivery."""
