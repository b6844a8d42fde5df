"""What Home takes of the database, counted."""

from models import Tenant
from services.access.actor import Actor
from services.screens import home
from services.workspace import groups
from tests.factories import create_user, create_users, sign_in
from tests.services.workspace.scene import create_poc, create_task
from tests.statements import heard


async def test_home_of_who_looks_after_the_organisation_takes_few_statements(
    tenant: Tenant, admin: Actor
) -> None:
    engineer = await sign_in(await create_user(tenant))
    await create_users(2, tenant, invited=True)
    poc = await create_poc(engineer)
    await create_task(engineer, poc, assignees=[engineer.user_id])
    await groups.add_group(engineer, poc, groups.NewGroupForm(title="G"))
    await home.get_home(admin)  # what is asked once in a process is known
    with heard() as statements:
        await home.get_home(admin)
    texts = "\n".join(text for text, _ in statements)
    assert len(statements) <= 31, texts
