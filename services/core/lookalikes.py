"""Names and emails that look like others: they are accepted, and marked where they are shown."""

import re
import unicodedata
from functools import lru_cache

from services.core.names import fold, listed, script_of

# Scripts with letters that look like those of another of them (UTS 39, section 4), by the first
# word of their letters' names in Unicode.
_LOOKALIKE_SCRIPTS = {
    script.split()[0].upper(): script
    for script in (
        *("Latin", "Cyrillic", "Greek", "Armenian", "Cherokee", "Coptic", "Georgian", "Lisu"),
        *("Canadian Aboriginal", "Deseret", "Osage", "Tifinagh", "Old Italic", "Lycian", "Carian"),
        *("Lydian", "Gothic", "Warang Citi"),
    )
}
# Single letters and signs of other scripts that look like a letter of theirs (UTS 39,
# confusables.txt).
_LOOKALIKE_LETTERS = {
    letter: script
    for script, letters in {
        "Arabic": "\u0627\u0647\u06be\u06c1\u06d5",
        "Hebrew": "\u05d5\u05df\u05e1",
        "N’Ko": "\u07ca",
        "Oriya": "\u0b20",
        "Telugu": "\u0c02",
        "Kannada": "\u0c82",
        "Malayalam": "\u0d02\u0d20",
        "Sinhala": "\u0d82",
        "Myanmar": "\u101d",
        "Ethiopic": "\u1200\u12d0",
        "Runic": "\u16b7\u16c1\u16d5\u16d6",
    }.items()
    for letter in letters
}
# Of digits it doesn't matter whose they are, and few of their names in Unicode say it.
OTHER_DIGITS = "digits of another script"
_CHINESE_ZERO = "\u3007"  # looks like an O, and isn't a decimal digit
# Letters of Cyrillic and of Greek, and the Latin ones that they look like (UTS 39,
# confusables.txt).
_LIKE_LATIN = (
    (
        (
            "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422\u0425"
            "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u043e\u0440\u051b\u0455\u051d\u0445\u0443"
        ),
        "ABCEHIJKMOPSTXacdehijopqswxy",
    ),
    (
        (
            "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
            "\u03bf\u03bd"
        ),
        "ABEZHIKMNOPTYXov",
    ),
)
_TO_LATIN = str.maketrans(
    {one: other for own, latin in _LIKE_LATIN for one, other in zip(own, latin, strict=True)}
)
_FROM_LATIN = [str.maketrans(latin, own) for own, latin in _LIKE_LATIN]
# The same with the letter of Cyrillic that looks like an l. A domain of such letters alone looks
# like a Latin one; a name of them is a name.
_DISGUISES = _TO_LATIN | str.maketrans("\u04c0\u04cf", "Il")
LIKE_LATIN = "This email has letters that aren’t Latin, and look as if they were. Ask whose it is."
_EMAIL_PARTS = re.compile("[@.]")
_LETTERS = re.compile(r"[^\W_]+")


@lru_cache(maxsize=2000)
def mixed_scripts(name: str) -> tuple[str, ...]:
    """The scripts that a name mixes although their letters look alike, as "Latin", "Cyrillic"; one
    of them may be `OTHER_DIGITS`.

    Empty for a name that mixes none. "Alice" with a Cyrillic A is one that does (UTS 39, section 4:
    mixed-script confusables). It may be somebody's own: it is accepted, and marked where it is
    shown.
    """
    if name.isascii():
        return ()
    text = unicodedata.normalize("NFKC", name)
    scripts = _lookalikes_in(text)
    for word in () if len(scripts) > 1 else text.split():
        # Somebody may well have one name in Arabic and another one in Latin letters, but a letter
        # alone is read as one of those beside it.
        strange = dict.fromkeys(filter(None, map(_strange_script, word)))
        others = _lookalikes_in(text if _is_of_single_letters(word) else word)
        if strange and others:
            scripts = [*others, *strange]
            break
    return tuple(scripts) if len(scripts) > 1 else ()


def _is_of_single_letters(word: str) -> bool:
    """Whether a word is an initial, or several, as in "J.R."."""
    bare = "".join(letter for letter in word if unicodedata.category(letter)[0] != "M")
    return all(len(part) == 1 for part in _LETTERS.findall(bare))


def _lookalikes_in(text: str) -> list[str]:
    """The scripts with look-alike letters that a text has letters of."""
    scripts = dict.fromkeys(script_of(letter) for letter in text if letter.isalpha())
    return [_LOOKALIKE_SCRIPTS[script] for script in scripts if script in _LOOKALIKE_SCRIPTS]


def _strange_script(character: str) -> str:
    """The script of a single letter that looks like one of another script; `OTHER_DIGITS` for a
    digit that isn't one of ours; empty for all others."""
    if character == _CHINESE_ZERO or (character.isdecimal() and not character.isascii()):
        return OTHER_DIGITS
    return _LOOKALIKE_LETTERS.get(character, "")


def mixed_letters(name: str, email: str) -> str:
    """What to know of somebody whose name or email mixes scripts; empty where neither does. In an
    email, each part between its dots and its @ stands for itself, as labels of a domain do."""
    if name.isascii() and email.isascii():
        return ""
    of_name = mixed_scripts(name)
    parts = _EMAIL_PARTS.split(email)
    of_email = next(filter(None, map(mixed_scripts, parts)), ())
    disguised = any(not part.isascii() and part.translate(_DISGUISES).isascii() for part in parts)
    if not of_name and not of_email:
        return LIKE_LATIN if disguised else ""
    if not of_name:
        what, then = "email", "Ask whose it is."
    elif of_email:
        what, then = "name", "So does the email: ask whose it is."
    elif disguised:
        what, then = "name", "The email has letters that look Latin and aren’t: ask whose it is."
    else:
        what, then = "name", "Compare the email."
    return f"This {what} mixes {_told(of_name or of_email)}, which can look alike. {then}"


def _told(scripts: tuple[str, ...]) -> str:
    """Scripts that are mixed, as "Latin and Greek letters"."""
    letters = f"{listed([script for script in scripts if script != OTHER_DIGITS])} letters"
    return f"{letters} and {OTHER_DIGITS}" if OTHER_DIGITS in scripts else letters


@lru_cache(maxsize=2000)
def alike(name: str) -> frozenset[str]:
    """The folded names that a name is taken for: its own, and those of the same look in Latin,
    Cyrillic or Greek letters alone."""
    latin = name.translate(_TO_LATIN)
    return frozenset(map(fold, (name, latin, *(latin.translate(each) for each in _FROM_LATIN))))
