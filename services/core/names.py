"""Names of people and organisations: what is accepted, and how they are listed, sorted and
searched.
"""

import re
import unicodedata
from collections.abc import Sequence

from services.core.errors import InvalidInputError

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
# Characters that show nothing, or change how their neighbours look, and aren't format characters
# (category Cf): Unicode, DerivedCoreProperties.txt, Default_Ignorable_Code_Point, and the empty
# Braille cell. Some of the points aren't assigned to a character yet.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufff0-\ufff8"
    "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
# Those that choose the form of the character before them, where it has several.
_MONGOLIAN_FORMS = frozenset("\u180b\u180c\u180d\u180f")
_FORMS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_KEYCAP = "\u20e3"
_KEYS = frozenset("#*")  # besides digits: punctuation that a keycap may stand on
# Punctuation and a letter that have a form as emoji (Unicode, emoji-variation-sequences.txt).
_LIKE_EMOJI = frozenset("\u203c\u2049\u2139\u3030\u303d")
# Scripts with letters that have another form, which the first selector alone chooses (Unicode,
# StandardizedVariants.txt): as Khamti and Aiton are written.
_FIRST_FORM = "\ufe00"
_SCRIPTS_WITH_FORMS = frozenset({"MYANMAR", "PHAGS-PA", "MANICHAEAN"})
# The flags of England, Scotland and Wales: a black flag, and letters that show nothing (Unicode,
# emoji-sequences.txt, RGI_Emoji_Tag_Sequence).
_BLACK_FLAG = "\U0001f3f4"
_TAGS = re.compile("[\U000e0020-\U000e007f]")
_TAGGED = frozenset(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
# Joiners belong to how words of these scripts are written (UAX 31, section 2.3), and into emoji.
_JOINERS = frozenset("\u200c\u200d")
_JOINING_SCRIPTS = frozenset(
    (
        *("ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI"),
        *("ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR"),
        "TIBETAN",
    )
)
# What a text of several lines can't have: what makes it read in another order than it is stored in
# (Unicode, UAX 9, section 2.1 to 2.4: a piece of code would do something else than it shows), and
# what shows nothing and can carry words: tags, except for those of flags (UTS 51, section 3.9),
# annotations, and format characters that are out of use (Unicode, section 23.3). Marks of
# direction, joiners, soft hyphens and spaces without width belong to how languages are written.
DECEIVING = re.compile(
    "(?:\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f)"
    "|([\u202a-\u202e\u2066-\u2069\u206a-\u206f\ufff9-\ufffb\U000e0000-\U000e007f])"
)
# Of emoji, besides symbols: what chooses their form or colour.
_EMOJI = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")
# More marks above and below one letter are nobody's name, and cover the lines beside it. (UTS 39,
# section 5.4, has 4; a syllable of Burmese may have 5.)
_MOST_MARKS = 6
# No new organisation has as its slug what a path begins with, or the name of a page that is open to
# people who aren't signed in: `/t/login` would look like a place to sign in. An organisation that
# has such a slug keeps it. A test compares this with the routes.
RESERVED_SLUGS = frozenset(
    {
        "account",
        "audit",
        "brand",
        "customer",
        "customers",
        "dashboard",
        "doctor",
        "email",
        "ends-soon",
        "files",
        "healthz",
        "home",
        "invitation",
        "login",
        "logo",
        "logout",
        "metrics",
        "pair",
        "password",
        "platform",
        "pocs",
        "readyz",
        "review",
        "roles",
        "settings",
        "setup",
        "sso",
        "static",
        "system",
        "t",
        "templates",
        "tenants",
        "users",
        "wall",
        "welcome",
    }
)
# The slug of a name without a single Latin letter or digit.
NAMELESS = "organisation"
SLUG_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def clean_name(text: str, label: str, most: int = MAX_NAME) -> str:
    """Return a name in NFC, its words one space apart, of `most` characters; raises `ValueError`
    with a sentence.

    Whatever a person may be called is accepted. What could break a header or can't be stored (line
    breaks, control characters, half a surrogate pair) is not, nor is what nobody sees and what
    turns the direction of the text around it: with them one name can be shown as another. Nor are
    marks that reach beyond their letter.
    """
    # Most names need no look at each character: what Python calls printable is of no category "C",
    # and of those of spaces only the common space.
    if not text.isprintable() and any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text
    ):
        raise ValueError(f"{label} can't contain line breaks or control characters.")
    # A page shows several spaces as one, and those of other kinds the same way.
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not any(unicodedata.category(character)[0] not in "ZC" for character in name):
        raise ValueError(f"{label} is required.")
    if hides_something(name):
        raise ValueError(
            f"{label} can't contain invisible characters, or ones that turn the direction of text. "
            "Type it instead of pasting it."
        )
    if has_stray_marks(name):
        raise ValueError(f"{label} has accents without a letter, or too many on one.")
    if len(name) > most:
        raise ValueError(f"{label} can have {most:,} characters at most.")
    return name


def has_stray_marks(text: str) -> bool:
    """Whether a text has a combining mark where no letter, digit or symbol carries it, which would
    change what stands there, or heaps marks on one letter."""
    if text.isascii():
        return False
    heap, carrier = 0, " "
    for character in text:
        category = unicodedata.category(character)
        if category == "Cf" or _INVISIBLE.match(character):
            continue  # `hides_something` says where these may stand
        if category[0] != "M":
            heap, carrier = 0, character
            continue
        heap = heap + 1 if category != "Mc" else 0
        if heap > _MOST_MARKS:
            return True
        on_a_key = character == _KEYCAP and carrier in _KEYS
        if unicodedata.category(carrier)[0] in "ZP" and not on_a_key:
            return True
    return False


def hides_something(text: str) -> bool:
    """Whether a text has a character that nobody sees where it stands, or one that turns the
    direction of text: with them two texts can look the same."""
    if text.isprintable() and not _INVISIBLE.search(text):
        return False
    return any(_is_invisible(text, at) for at in range(len(text)))


def without_hidden(text: str) -> str:
    """The text without such characters."""
    while hides_something(text):  # what is taken away may have stood between two that join
        text = "".join(text[at] for at in range(len(text)) if not _is_invisible(text, at))
    return text


def with_hidden_named(text: str) -> str:
    """The text with such characters named, as "[U+202E]": it reads as it was written."""
    if not hides_something(text):
        return text
    return "".join(
        _named(character) if _is_invisible(text, at) else character
        for at, character in enumerate(text)
    )


def with_deceiving_named(text: str) -> str:
    """A text of several lines with those characters named that it can't have: what belongs to how
    languages are written stays as it is."""
    return DECEIVING.sub(lambda found: _named(found[1]) if found[1] else found[0], text)


def fold(text: str) -> str:
    """Fold case and drop accents, for sorting and for search that ignores both."""
    if text.isascii():
        return text.lower()  # as most text is: the same, without a look at each letter
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return unicodedata.normalize("NFKC", bare.casefold().translate(_BARE_LETTERS))


def listed(parts: Sequence[str]) -> str:
    """Parts as one text: "a", "a and b", "a, b and c"."""
    *others, last = parts or [""]
    return f"{', '.join(others)} and {last}" if others else last


def words_of(text: str) -> list[str]:
    """The words that a search looks for, each once, and at most `MOST_WORDS`. (One letter can fold
    into four words, and a database takes only so many conditions.)"""
    return list(dict.fromkeys(text.split()))[:MOST_WORDS]


def plain(text: str) -> str:
    """What people typed into a search or a url, without what no database takes: NUL and
    halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def script_of(character: str) -> str:
    """The script of a letter: the first word of its name in Unicode. Empty for no letter."""
    return unicodedata.name(character, "").partition(" ")[0] if character else ""


def _named(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _is_invisible(name: str, at: int) -> bool:
    character = name[at]
    if character in _JOINERS:
        return not (_joins(name[at - 1 : at]) and _joins(name[at + 1 : at + 2]))
    if _FORMS.match(character):
        return not (_has_forms(name[at - 1 : at], character) or name[at + 1 : at + 2] == _KEYCAP)
    if _TAGS.match(character):
        flag = name.rfind(_BLACK_FLAG, max(at - 6, 0), at)
        return flag < 0 or name[flag + 1 : flag + 7] not in _TAGGED
    if character in _MONGOLIAN_FORMS:
        return script_of(name[at - 1 : at]) != "MONGOLIAN"
    return bool(_INVISIBLE.match(character)) or unicodedata.category(character) == "Cf"


def _has_forms(before: str, selector: str) -> bool:
    """Whether a character's form can be chosen: that of an ideograph, of a symbol or emoji, or of a
    letter of some scripts (Unicode, StandardizedVariants.txt, and section 23.4)."""
    if not before:
        return False
    script = script_of(before)
    return (
        unicodedata.category(before) in {"So", "Sm"}
        or before in _LIKE_EMOJI
        or script == "CJK"
        or (selector == _FIRST_FORM and script in _SCRIPTS_WITH_FORMS)
    )


def _joins(neighbour: str) -> bool:
    if not neighbour:
        return False
    is_emoji = unicodedata.category(neighbour) == "So" or bool(_EMOJI.match(neighbour))
    return is_emoji or script_of(neighbour) in _JOINING_SCRIPTS


def is_slug(text: str) -> bool:
    """Whether a text can be a tenant's slug at all."""
    return SLUG_PATTERN.fullmatch(text) is not None


def slug_from(name: str) -> str:
    """Derive a tenant's slug from its name: ASCII letters and digits, joined by hyphens."""
    ascii_only = fold(name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:63].strip("-") or NAMELESS


def check_slug(slug: str) -> str:
    """Return the slug of a new tenant if it can be part of a url; raises
    `InvalidInputError`."""
    if not is_slug(slug):
        raise InvalidInputError(
            {"slug": "Use small letters, digits and hyphens, up to 63, not a hyphen at the ends."}
        )
    if slug in RESERVED_SLUGS:
        raise InvalidInputError(
            {"slug": f"Rollcall needs the address /t/{slug} itself. Choose another."}
        )
    return slug
