"""Links that people enter, to be followed by others."""

from urllib.parse import urlsplit


def check_link(written: str) -> str:
    """The link, where it leads to a page of the web; raises `ValueError` with a sentence."""
    try:
        parts = urlsplit(written)
        leads = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    except ValueError:
        leads = False
    if not leads or written.split()[1:]:
        raise ValueError("A link begins with https:// or http://.")
    return written
