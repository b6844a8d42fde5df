"""Who somebody in a list is, told apart from others whose names look the same."""

from typing import Any

from services.core.lookalikes import mixed_letters


def whose(name: str, email: str) -> dict[str, Any]:
    """A person's name, email, and what to know of letters that mix, as plain values; what has no
    email isn't a person, and has a name alone."""
    return {"name": name, "email": email, "mixed": mixed_letters(name, email) if email else ""}
