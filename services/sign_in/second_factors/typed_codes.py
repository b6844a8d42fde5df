"""Codes as people type them: with dashes and blanks, in full width, in the digits of any script."""

import unicodedata


def plain_code(typed: str) -> str:
    """The letters and digits of a code, as it was handed out: small letters and ASCII digits."""
    text = unicodedata.normalize("NFKC", typed).casefold()
    return "".join(_ascii_digit(sign) for sign in text if sign.isalnum())


def _ascii_digit(sign: str) -> str:
    return str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
