"""Files that are shared with a customer's people."""

import pytest

from models import Tenant
from services.access.actor import Actor
from services.core.errors import NotFoundError, SessionEndedError
from services.workspace import files as files_of_pocs
from services.workspace import resources
from services.workspace.customers import files, people, shared
from services.workspace.resource_forms import FileForm
from tests.factories import create_customer, open_customer_session
from tests.services.workspace.scene import create_poc, pieces_of, share_file


async def test_a_shared_file_is_shown_and_read_and_an_internal_one_is_neither(
    tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada)
    content = bytes(range(256)) * 6_000
    file = await share_file(ada, poc, content)
    internal = await files_of_pocs.upload(ada, poc, "margin.txt", pieces_of(b"40 percent"))
    customer, _ = await open_customer_session(await create_customer(tenant, poc))
    (seen,) = (await shared.get_shared(customer, poc)).resources
    assert (seen.id, seen.file and seen.file.size) == (file, len(content))
    opened = await files.open_file(customer, file)
    assert b"".join([piece async for piece in opened.pieces]) == content
    with pytest.raises(NotFoundError):
        await files.open_file(customer, internal)


async def test_a_file_that_is_not_shared_any_more_breaks_off(tenant: Tenant, ada: Actor) -> None:
    poc = await create_poc(ada)
    file = await share_file(ada, poc, b"x" * 1_400_000)
    customer, _ = await open_customer_session(await create_customer(tenant, poc))
    pieces = (await files.open_file(customer, file)).pieces
    assert await anext(pieces)
    await resources.edit_of_poc(ada, file, 2, FileForm(title="Plan", shared=False))
    with pytest.raises(NotFoundError):
        _ = [piece async for piece in pieces]


async def test_a_download_breaks_off_with_the_access(tenant: Tenant, ada: Actor) -> None:
    poc = await create_poc(ada)
    file = await share_file(ada, poc, b"x" * 1_400_000)
    person = await create_customer(tenant, poc)
    customer, _ = await open_customer_session(person)
    pieces = (await files.open_file(customer, file)).pieces
    assert await anext(pieces)
    await people.set_active_of_poc(ada, poc, person.id, active=False)
    with pytest.raises(SessionEndedError):
        _ = [piece async for piece in pieces]
