"""What a browser is told of a list: its columns, filters and counts."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from nicegui import json

from services.lists.declaration import Column, Filter, LiveList
from services.lists.matches import wire_of
from services.lists.query import PAGE_SIZES

Choices = tuple[tuple[str, str], ...]
"""Keys and labels of a filter's options."""

MOST_KEPT = 128
"""How many texts are kept: one for each set of people or customers that filters offer."""


def config_of(live_list: LiveList[Any], options: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """The list as JSON. `options` are the options of some filters, or the people of one."""
    narrowed = {name: tuple((key, label) for key, label in all_) for name, all_ in options.items()}
    return _config(live_list.noun, _Held(live_list), tuple(narrowed.items()))


class _Held:
    """A list as an argument of a cached function: the same list has the same text."""

    def __init__(self, live_list: LiveList[Any]) -> None:
        self.live_list = live_list

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.live_list is self.live_list

    def __hash__(self) -> int:
        return id(self.live_list)


@lru_cache(maxsize=MOST_KEPT)
def _config(noun: str, held: _Held, choices: tuple[tuple[str, Choices], ...]) -> str:
    live_list = held.live_list
    narrowed = dict(choices)
    return json.dumps(
        {
            "noun": noun,
            "singular": live_list.singular or noun,
            "plural": live_list.plural,
            "sort": live_list.usual_sort,
            "sizes": PAGE_SIZES,
            "belongs": wire_of(live_list.belongs),
            "columns": [_column(column) for column in live_list.columns],
            "more": list(live_list.more),
            "search": list(live_list.searched),
            "searched": (live_list.search.label if live_list.search else "") or live_list.plural,
            "filters": [_filter(one, narrowed.get(one.key)) for one in live_list.filters],
            "breakdown": [
                {
                    "key": part.key,
                    "label": part.label,
                    "match": wire_of(part.match),
                    "rare": part.rare,
                }
                for part in live_list.breakdown
            ],
        }
    )


def _column(column: Column) -> dict[str, Any]:
    return {
        "key": column.key,
        "label": column.label,
        "cell": column.cell,
        "sorts": bool(column.sort),
        "shown": column.shown,
        "opens": column.opens,
    }


def _filter(one: Filter, choices: Choices | None) -> dict[str, Any]:
    options = [
        {"key": option.key, "label": option.label, "match": wire_of(option.match)}
        for option in one.all_options
    ]
    if choices is not None:
        known = {option["key"]: option for option in options}
        options = [
            known.get(key) or {"key": key, "label": label, "match": {one.field: key}}
            for key, label in choices
        ]
    return {
        "key": one.key,
        "label": one.label,
        "kind": one.kind,
        "everything": one.everything,
        "field": one.field,
        "quiet": one.quiet,
        "own": one.own,
        "options": options,
    }
