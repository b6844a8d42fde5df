"""Longer texts that people write: descriptions, notes, comments."""

import unicodedata

# What breaks a line, or indents one, is part of a text; every other control character is an
# accident, or means harm.
_KEPT = frozenset("\n\t")


def clean_text(text: str, label: str, most: int) -> str:
    """Return a text in NFC without blanks around it; raises `ValueError` with a sentence.

    It may be empty. Lines end with a line feed, whatever the browser sends.
    """
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in _KEPT for c in lines):
        raise ValueError(f"{label} can't contain control characters.")
    if len(lines) > most:
        raise ValueError(f"{label} can have {most:,} characters at most.")
    return lines
