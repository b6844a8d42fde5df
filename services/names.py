"""Names of people and organisations: what is accepted, and how it is sorted and searched."""

import re
import unicodedata

from services.errors import InvalidInputError

MAX_NAME = 200
MOST_WORDS = 20
# Letters that people take for accented ones, and Unicode doesn't.
_BARE_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
    }
)
SLUG_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def clean_name(text: str, label: str) -> str:
    """Return a name trimmed and in NFC; raises `ValueError` with a sentence.

    Whatever a person may be called is accepted, directional marks included; what could break a
    header or can't be stored (line breaks, control characters, half a surrogate pair) is not.
    """
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        raise ValueError(f"{label} can't contain line breaks or control characters.")
    name = unicodedata.normalize("NFC", text).strip()
    if not any(unicodedata.category(character)[0] not in "ZC" for character in name):
        raise ValueError(f"{label} is required.")
    if len(name) > MAX_NAME:
        raise ValueError(f"{label} can have {MAX_NAME} characters at most.")
    return name


def fold(text: str) -> str:
    """Fold case and drop accents, for sorting and for search that ignores both."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return unicodedata.normalize("NFKC", bare.casefold().translate(_BARE_LETTERS))


def words_of(text: str) -> list[str]:
    """The words that a search looks for: each once, and no more than anybody looks for. (One letter
    can fold into four words, and a database takes a condition for each only up to a point.)"""
    return list(dict.fromkeys(text.split()))[:MOST_WORDS]


def plain(text: str) -> str:
    """What people typed into a search or an address, without what no database takes: NUL and
    halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def is_slug(text: str) -> bool:
    """Whether a text can be a tenant's slug at all."""
    return SLUG_PATTERN.fullmatch(text) is not None


def slug_from(name: str) -> str:
    """Derive a tenant's address from its name: ASCII letters and digits, joined by hyphens."""
    ascii_only = fold(name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:63].strip("-") or "workspace"


def check_slug(slug: str) -> str:
    """Return a tenant's slug if it can be part of an address; raises `InvalidInputError`."""
    if not is_slug(slug):
        raise InvalidInputError(
            {"slug": "Use small letters, digits and hyphens, up to 63, not a hyphen at the ends."}
        )
    return slug
