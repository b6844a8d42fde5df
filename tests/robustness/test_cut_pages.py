"""A page that is cut at any step of its building leads to the sign-in page."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from models import CustomerPerson, Role
from services.core.settings import Settings
from services.database.startup import started
from services.database.transaction import reading
from tests import factories
from tests.browser.server import Server, cookie_name, serving
from tests.services.workspace.rows import create_rows

PAGES = ("users", "users/{user_id}", "roles", "audit", "settings", "account", "users/import")
CUSTOMERS = "customer/{poc_id}"
MOST_STEPS = 60


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    before = "import tests.robustness.cutting"
    async with serving(tmp_path / "data", before=before) as running:
        yield running


async def test_a_page_that_is_cut_at_any_step_leads_to_sign_in(server: Server) -> None:
    async with started(Settings(_env_file=None, data_dir=server.data_dir)):
        tenant = await factories.create_tenant("Acme")
        admin = await factories.create_user(tenant, role=Role.TENANT_ADMIN)
        _, token = await factories.open_session(admin)
        rows = await create_rows(tenant.id, (await factories.create_user(tenant)).id)
        async with reading() as tx:
            person = await tx.get_one(CustomerPerson, rows.customer)
        _, outside = await factories.open_customer_session(person)
    cookies = {
        cookie_name(server.url): token,
        cookie_name(server.url, "rollcall-customer"): outside,
    }
    cut = dict.fromkeys([*PAGES, CUSTOMERS], 0)
    async with httpx.AsyncClient(base_url=server.url, cookies=cookies, timeout=60) as http:
        for page in cut:
            path = f"/t/acme/{page.format(user_id=admin.id, poc_id=rows.poc)}"
            entrance = "customer" if page == CUSTOMERS else "login"
            for step in range(1, MOST_STEPS):
                answer = await http.get(path, headers={"X-Cut-At": str(step)})
                if answer.status_code == 200:  # it has fewer steps, or wasn't registered by then
                    break
                assert answer.status_code == 303, (path, step, answer.text[:500])
                assert answer.headers["location"] == f"/t/acme/{entrance}?why=deactivated"
                cut[page] += 1
    assert sum(cut.values()) > 2 * len(cut), "hardly any was cut"
    assert cut[CUSTOMERS], "the customer's page wasn't cut"
    assert "Traceback" not in server.log()
    assert "was not built" not in server.log(), "a cut is nothing to look into"
