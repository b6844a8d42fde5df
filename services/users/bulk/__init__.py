"""Acts on many rows of a list at once. Those on users are declared here, and so always known."""

from services.users.bulk import people

__all__ = ["people"]
