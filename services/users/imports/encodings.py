"""How the letters of a text file are encoded: as the file says, or else a guess to confirm."""

import codecs
import re
from dataclasses import dataclass
from itertools import islice

# What each choice is called on the screen, in the order of the choices.
ENCODINGS = {
    "cp1252": "Western",
    "cp1250": "Central European",
    "mac_roman": "Mac",
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
# One byte is one letter in these, so many files can be read in several of them.
_GUESSED = ("cp1252", "cp1250", "mac_roman")
# The longer ones first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
LOOKED_AT = 2000
"""How many letters are looked at: enough for a guess."""
# What people's names and headings contain besides letters.
_COMMON = frozenset("’‘“”–—…·§°ªº«»€\u00a0")


class NotTextError(ValueError):
    """These bytes aren't text in any encoding that files of people have."""


@dataclass(frozen=True)
class Decoded:
    """A file as text.

    `choices` are the encodings in which it can be read, if the file doesn't say its encoding; empty
    if there is nothing to choose.
    """

    text: str
    encoding: str
    choices: tuple[str, ...] = ()


def decode(data: bytes, wanted: str = "") -> Decoded:
    """Read bytes as text, in the wanted encoding if that is one of the choices.

    A byte order mark names the encoding; UTF-16 without one is recognised by its zero bytes, and
    UTF-8 by its form. Everything else is a guess. Raises `NotTextError`.
    """
    marked = _marked(data)
    if marked is not None:
        return marked
    if b"\0" in data:
        return _without_mark(data)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _guess(data, wanted)


def _marked(data: bytes) -> Decoded | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise NotTextError(str(error)) from error
            return Decoded(_without_zeros(text), encoding)
    return None


def _without_mark(data: bytes) -> Decoded:
    """UTF-16 of mostly Latin letters: every other byte is zero."""
    low, high = data[::2].count(0), data[1::2].count(0)
    encoding = "utf-16-le" if high > low else "utf-16-be"
    if max(low, high) * 4 < len(data):
        raise NotTextError("zero bytes")
    try:
        return Decoded(_without_zeros(data.decode(encoding)), encoding)
    except UnicodeDecodeError as error:
        raise NotTextError(str(error)) from error


def _without_zeros(text: str) -> str:
    if "\0" in text:
        raise NotTextError("zero characters")
    return text


def _guess(data: bytes, wanted: str) -> Decoded:
    texts: dict[str, str] = {}
    for encoding in _GUESSED:
        try:
            texts[encoding] = data.decode(encoding)
        except UnicodeDecodeError:  # a byte that this encoding doesn't have
            continue
    # Mac OS before X ended lines by CR alone; its encoding goes with it.
    is_old_mac = b"\r" in data and b"\n" not in data

    def oddness(encoding: str) -> tuple[int, bool]:
        return _oddness(texts[encoding]), is_old_mac and encoding != "mac_roman"

    best = wanted if wanted in texts else min(texts, key=oddness)
    return Decoded(texts[best], best, tuple(texts))


def _oddness(text: str) -> int:
    """How much of a text can't be part of a name: signs, and capitals within a word."""
    odd = 0
    for found in islice(_BEYOND_ASCII.finditer(text), LOOKED_AT):
        letter, at = found[0], found.start()
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if not letter.isalpha():
            odd += 0 if letter in _COMMON else 3
        elif letter.isupper() and before.isalpha() and (before.islower() or after.islower()):
            odd += 3
    return odd
