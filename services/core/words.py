"""Words that sentences of several nouns share."""


def count_words(count: int, noun: str, plural: str = "") -> str:
    """How many there are of something: 0 tasks, 1 task, 2 tasks. The plural is the noun with an s,
    if no other is given."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
