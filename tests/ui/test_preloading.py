"""A list's scripts are fetched together, not one after the other."""

import re

from ui.components.component import SCRIPTS
from ui.components.shell import Shell
from ui.components.users_table import UsersTable
from ui.server import HEAD

IMPORT = re.compile(r'^import .* from "(\w+)";', re.MULTILINE)


def _imported(*names: str) -> set[str]:
    """What these scripts import, and what that imports."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        new = set(IMPORT.findall(SCRIPTS[f"{waiting.pop()}.js"].read_text())) - found - {"vue"}
        found |= new
        waiting += new
    return found


def test_all_that_the_list_of_users_imports_is_fetched_at_once() -> None:
    links = HEAD + UsersTable.preload(beside=Shell)
    fetched = re.findall(r'rel="modulepreload" href="[^"]*/(\w+)\.js"', links)
    assert _imported("toast", "shell", "users_table") <= set(fetched)
    assert len(fetched) == len(set(fetched))
