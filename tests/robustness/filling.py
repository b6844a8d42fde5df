"""Something for each address to show: people's pages, work, and what admins have begun."""

from collections.abc import Callable, Mapping

from models import Role, User
from services.users import profile
from tests.factories import open_session
from tests.robustness.routing import filled
from tests.services.bulk_calls import bulk_acts_of
from tests.services.import_calls import import_in
from tests.services.organisation_calls import picture
from tests.services.review_calls import create_former, review_in
from tests.services.workspace.rows import create_rows


async def something_at_each(people: Mapping[Role, User]) -> Callable[[str], str]:
    """Make it in the organisation of these people; returns what fills a path in."""
    owner, above = people[Role.SALES_ENGINEER], people[Role.PLATFORM_ADMIN]
    rows = await create_rows(owner.tenant_id, owner.id)
    acts = await bulk_acts_of(people[Role.TENANT_ADMIN])
    former = await create_former(owner.tenant_id)
    ids = {
        "import_id": str(await import_in(people[Role.TENANT_ADMIN])),
        "poc_id": str(rows.poc),
        "group_id": str(rows.group_template),
        "resource_id": str(rows.file),
        "review_id": str(await review_in(owner.tenant_id)),
    }
    for shown in (owner, above):
        await profile.set_picture((await open_session(shown))[0], picture())

    def fill(path: str) -> str:
        user_id = above.id if path.startswith("/platform") else owner.id
        whose = str(former if path.endswith("/leaving") else user_id)
        act = acts.get(path.partition("/{bulk_id}")[0], "")
        return filled(path, user_id=whose, bulk_id=act, **ids)

    return fill
