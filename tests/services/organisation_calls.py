"""The service calls about an organisation and its people's pictures, and who may make them."""

from contextlib import suppress
from io import BytesIO
from uuid import UUID, uuid4

from PIL import Image

from models import Role, User
from services.access.actor import Actor
from services.core.errors import ConflictError
from services.database.transaction import transaction
from services.tenants import mail_texts, organisation, rules
from services.tenants.images import read_portrait
from services.tenants.mail_texts import MailTextForm
from services.tenants.organisation import OrganisationForm
from services.tenants.pictures import keep
from services.tenants.rules import ReviewEvery, RulesForm
from services.users import email_change, profile
from services.users.email_change import EmailForm
from services.users.profile import ProfileForm
from tests.services.call import EVERYONE, MANAGERS, Call


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 8)) -> bytes:
    """An image of some colour that was never there before."""
    colour = tuple(uuid4().bytes[:3])
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, kind)
    return written.getvalue()


def organisation_form(**values: str) -> OrganisationForm:
    """A form with a name that was never there before."""
    return OrganisationForm(**{"name": f"Acme {uuid4().hex}", "time_zone": "UTC", **values})


async def _remove_logo(actor: Actor, _target: UUID) -> object:
    await organisation.set_logo(actor, picture())
    await organisation.remove_logo(actor)
    return None


def _profile_form() -> ProfileForm:
    return ProfileForm(first_name="Ada", last_name=uuid4().hex, phone="", time_zone="UTC")


async def _remove_picture(actor: Actor, _target: UUID) -> object:
    await profile.set_picture(actor, picture())
    await profile.remove_picture(actor)
    return None


async def _get_portrait(actor: Actor, target: UUID) -> object:
    image = await read_portrait(actor, picture())
    async with transaction() as tx:
        user = await tx.get(User, target)
        if user is not None:
            await keep(tx, user.tenant_id, user.id, image)
    return await profile.get_portrait(actor, target)


def _email() -> EmailForm:
    return EmailForm(email=f"{uuid4().hex}@example.com")


async def _request_change(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):  # without a mail server
        await email_change.request_change(actor, _email())
    return None


async def _change_email(actor: Actor, target: UUID) -> object:
    await email_change.change_email(actor, target, _email())
    return None


async def _edit_rules(actor: Actor, _target: UUID) -> object:
    before = (await rules.get_rules(actor)).review_every
    other = next(every for every in ReviewEvery if every is not before)
    await rules.edit_rules(actor, RulesForm(review_every=other))
    return None


def mail_form(mail: str = "activated", text: str = "", subject: str = "Hello") -> MailTextForm:
    """A text that was never there before."""
    return MailTextForm(mail=mail, subject=subject, text=text or uuid4().hex)


async def _send_test(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):  # without a mail server
        await mail_texts.send_test(actor, mail_form())
    return None


ORGANISATION_CALLS = [
    Call(
        "tenants.mail_texts.get_texts",
        MANAGERS,
        lambda a, _t: mail_texts.get_texts(a),
        takes_id=False,
    ),
    Call(
        "tenants.mail_texts.preview",
        MANAGERS,
        lambda a, _t: mail_texts.preview(a, mail_form()),
        takes_id=False,
    ),
    Call(
        "tenants.mail_texts.edit_text",
        MANAGERS,
        lambda a, _t: mail_texts.edit_text(a, mail_form()),
        takes_id=False,
    ),
    Call("tenants.mail_texts.send_test", MANAGERS, _send_test, takes_id=False),
    Call("tenants.rules.get_rules", MANAGERS, lambda a, _t: rules.get_rules(a), takes_id=False),
    Call("tenants.rules.edit_rules", MANAGERS, _edit_rules, takes_id=False),
    Call(
        "tenants.organisation.get_shown",
        EVERYONE,
        lambda a, _t: organisation.get_shown(a),
        takes_id=False,
    ),
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
    Call(
        "users.profile.get_profile", EVERYONE, lambda a, _t: profile.get_profile(a), takes_id=False
    ),
    Call(
        "users.profile.edit_profile",
        EVERYONE,
        lambda a, _t: profile.edit_profile(a, _profile_form()),
        takes_id=False,
    ),
    Call(
        "users.profile.set_picture",
        EVERYONE,
        lambda a, _t: profile.set_picture(a, picture()),
        takes_id=False,
    ),
    Call(
        "users.profile.want_mention_mails",
        {Role.SALES_ENGINEER},
        lambda a, _t: profile.want_mention_mails(a, wanted=False),
        takes_id=False,
    ),
    Call("users.profile.remove_picture", EVERYONE, _remove_picture, takes_id=False),
    Call("users.profile.get_portrait", EVERYONE, _get_portrait),
    Call("users.email_change.request_change", EVERYONE, _request_change, takes_id=False),
    Call(
        "users.email_change.cancel_change",
        EVERYONE,
        lambda a, _t: email_change.cancel_change(a),
        takes_id=False,
    ),
    Call("users.email_change.change_email", MANAGERS, _change_email),
    Call("tenants.organisation.remove_logo", MANAGERS, _remove_logo, takes_id=False),
]
