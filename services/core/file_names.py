"""What files are called that people bring along."""

import re
import unicodedata

from services.core.names import plain, without_hidden

LONGEST_NAME = 200
LONGEST_ENDING = 20


def clean_file_name(name: str) -> str:
    """What a file is called here: without folders, without invisible characters and ones that turn
    the direction of text, and not too long; its ending stays."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", plain(name)))[-1]
    one_line = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Zl", "Zp"})
    shown = without_hidden(one_line).strip().rstrip(". ") or "file"
    ending = ending_of(shown)
    return shown[: -len(ending) or None][: LONGEST_NAME - len(ending)] + ending


def ending_of(name: str) -> str:
    """A name's ending with its dot; empty if it has none."""
    stem, dot, ending = name.rpartition(".")
    return f"{dot}{ending}" if stem and 0 < len(ending) < LONGEST_ENDING else ""
