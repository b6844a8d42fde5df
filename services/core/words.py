"""Words that sentences of several nouns share."""

import re
import unicodedata
from collections.abc import Callable

from services.core.names import with_deceiving_named, with_hidden_named
from services.core.settings import MB

_ISOLATED = re.compile("\u2068([^\u2066-\u2069]*)\u2069")
# As most texts are: there is nothing to look for.
_READ_AS_IT_IS = re.compile(r"[\s!-~]*")


def count_words(count: int, noun: str, plural: str = "") -> str:
    """How many there are of something: 0 tasks, 1 task, 2 tasks. The plural is the noun with an s,
    if no other is given."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def isolated(words: str) -> str:
    """Somebody's words, to be put into a sentence of ours. A name that is written from right to
    left then doesn't change the order of the sentence (Unicode Bidirectional Algorithm, section
    2.4). What would end the isolation is named: words from before today's rules may have it."""
    return f"\N{FIRST STRONG ISOLATE}{with_hidden_named(words)}\N{POP DIRECTIONAL ISOLATE}"


def isolated_where_needed(words: str) -> str:
    """The same for what is mostly ASCII (mails' subjects, the log, messages): words without a
    letter that is written from right to left stay as they are."""
    turns = any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in words)
    return isolated(words) if turns else with_hidden_named(words)


def with_nothing_hidden(text: str) -> str:
    """A name, or a line of names, as somebody is to read it: what nobody would see in it, or what
    would turn the text around it, is named. Names from before today's rules may have it. Words that
    are `isolated` stay so."""
    return _part_by_part(text, with_hidden_named)


def with_nothing_deceiving(text: str) -> str:
    """A sentence or a text as somebody is to read it: what makes it read as something else is
    named, as no text of several lines can have it. The soft hyphens, marks of direction and spaces
    without width of people's own texts stay; a name in it is named whole where it is put in. Words
    that are `isolated` stay so."""
    return _part_by_part(text, with_deceiving_named)


def _part_by_part(text: str, named: Callable[[str], str]) -> str:
    if _READ_AS_IT_IS.fullmatch(text):
        return text
    return "".join(
        f"\N{FIRST STRONG ISOLATE}{named(part)}\N{POP DIRECTIONAL ISOLATE}"
        if at % 2
        else named(part)
        for at, part in enumerate(_ISOLATED.split(text))
    )


def file_size_words(size: int) -> str:
    """A file's size in bytes, as people read it: 12 KB, 11.4 MB. Not less than it is."""
    return f"{size / MB:,.1f} MB" if size >= MB / 10 else f"{-(-size // 1024):,} KB"
