"""Every file of rows says at its end how many it has: one that was cut off can be told."""

import csv
import io

import httpx

from models import Role
from services.audit.export import ENDING
from services.audit.review_export import REVIEW_ENDING
from services.database.runtime import Runtime
from tests.browser.server import Server, cookie_name
from tests.factories import create_tenant, create_user, open_session
from tests.robustness.filling import something_at_each
from tests.robustness.test_routes import PAGES

FILES = {path for path in PAGES if path.endswith(".csv")}
# The lines at the end, and the one of them that says how many rows there are.
LINES = {"audit.csv": (ENDING, "entries"), "record.csv": (REVIEW_ENDING, "people")}
OTHERS = (("rows",), "rows")


async def test_every_file_of_rows_ends_with_how_many_it_has(scene: Runtime, server: Server) -> None:
    acme = await create_tenant("Acme")
    people = {
        role: await create_user(None if role is Role.PLATFORM_ADMIN else acme, role=role)
        for role in Role
    }
    fill = await something_at_each(people)
    has, says = dict[str, int](), dict[str, int]()
    for role, user in people.items():
        cookies = {cookie_name(server.url): (await open_session(user))[1]}
        async with httpx.AsyncClient(base_url=server.url, cookies=cookies, timeout=60) as http:
            for path in {path for path in FILES if role in PAGES[path]}:
                answer = await http.get(fill(path))
                rows = list(csv.reader(io.StringIO(answer.text, newline="")))
                names, counted = LINES.get(path.rpartition("/")[2], OTHERS)
                has[path] = len(rows) - 1 - len(names)
                ending = [(row[0], row[1]) for row in rows[-len(names) :]]
                assert tuple(name for name, *_ in ending) == names, path
                says[path] = int(dict(ending)[counted])
    assert has.keys() == FILES
    assert says == has
