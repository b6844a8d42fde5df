"""Authenticator apps, recovery codes, passkeys, and the second step."""
