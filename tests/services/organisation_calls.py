"""The service calls about an organisation and its people's pictures, and who may make them."""

from io import BytesIO
from uuid import UUID, uuid4

from PIL import Image

from services.access.actor import Actor
from services.tenants import organisation
from services.tenants.organisation import OrganisationForm
from tests.services.call import MANAGERS, Call


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 8)) -> bytes:
    """An image of some colour that was never there before."""
    colour = tuple(uuid4().bytes[:3])
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, kind)
    return written.getvalue()


def organisation_form(**values: str) -> OrganisationForm:
    """A form with a name that was never there before."""
    return OrganisationForm(**{"name": f"Acme {uuid4().hex}", **values})


async def _remove_logo(actor: Actor, _target: UUID) -> object:
    await organisation.set_logo(actor, picture())
    await organisation.remove_logo(actor)
    return None


ORGANISATION_CALLS = [
    Call(
        "tenants.organisation.get_organisation",
        MANAGERS,
        lambda a, _t: organisation.get_organisation(a),
        takes_id=False,
    ),
    Call(
        "tenants.organisation.edit_organisation",
        MANAGERS,
        lambda a, _t: organisation.edit_organisation(a, organisation_form()),
        takes_id=False,
    ),
    Call(
        "tenants.organisation.set_logo",
        MANAGERS,
        lambda a, _t: organisation.set_logo(a, picture()),
        takes_id=False,
    ),
    Call("tenants.organisation.remove_logo", MANAGERS, _remove_logo, takes_id=False),
]
