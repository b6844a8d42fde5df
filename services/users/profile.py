"""What people say about themselves: name, phone, time zone, picture."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import field_validator
from sqlmodel import col, select

from models import Picture, User
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.errors import NotFoundError
from services.core.form_fields import Option
from services.core.forms import choice, text
from services.core.zones import check_zone, time_zones
from services.database.looking import looks_first
from services.database.transaction import Transaction
from services.mail import outbox
from services.tenants import pictures
from services.tenants.images import Encoded, read_portrait
from services.tenants.pictures import Served, served
from services.users.accounts import set_names
from services.users.actions import UserAction
from services.users.email_change import waiting_change
from services.users.events import UserEdited
from services.users.forms import UserNames

CHUNK = 500
"""How many ids one query asks for."""
_PHONE = re.compile(r"\+?[0-9 ()./-]{3,}(?:(?:ext\.?|x) ?[0-9]{1,6})?")


class ProfileForm(UserNames):
    """What somebody is called, and how they can be reached."""

    phone: str = text(
        "Phone",
        optional=True,
        most=40,
        autocomplete="tel",
        hint="With its country: +47 22 00 00 00.",
    )
    time_zone: str = choice(
        "Time Zone",
        [Option(zone, zone.replace("_", " ")) for zone in time_zones()],
        optional=True,
        hint="Your page shows your local time to others.",
    )

    @field_validator("phone")
    @classmethod
    def _check_phone(cls, phone: str) -> str:
        if phone and not _PHONE.fullmatch(phone):
            raise ValueError("Write a phone number with digits, such as +47 22 00 00 00.")
        return phone

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        return check_zone(zone) if zone else ""


@dataclass(frozen=True)
class Profile:
    """What one's own account page shows about oneself; `waits_for` is the email that has to be
    confirmed, if there is one."""

    first_name: str
    last_name: str
    email: str
    phone: str
    time_zone: str
    picture: str
    waits_for: str
    wants_mention_mails: bool | None
    """None for those whom no comment can mention, and where no mail can be sent."""


async def get_profile(actor: Principal) -> Profile:
    """What the actor says about themselves."""
    async with viewing(actor, Permission.USE_OWN_ACCOUNT) as view:
        user = view.own
        change = await waiting_change(view.tx, user.id, clock.now())
        return Profile(
            first_name=user.first_name,
            last_name=user.last_name,
            email=user.email,
            phone=user.phone,
            time_zone=user.time_zone,
            picture=user.picture,
            waits_for=change.new_email if change else "",
            wants_mention_mails=user.wants_mention_mails if _may_get_mails(user) else None,
        )


@looks_first
async def edit_profile(actor: Principal, form: ProfileForm) -> None:
    """Change what the actor says about themselves. Raises `InvalidInputError`."""
    async with acting(actor, Permission.USE_OWN_ACCOUNT, lock=_own(actor)) as act:
        user, old_key, before = act.own, act.own.search_key, act.own.full_name
        renamed = (user.first_name, user.last_name) != (form.first_name, form.last_name)
        reached = (user.phone, user.time_zone) != (form.phone, form.time_zone)
        if not (renamed or reached):
            return
        if renamed:
            set_names(user, form.first_name, form.last_name)
            await act.record(UserAction.RENAMED, user, before=before)
        if reached:
            user.phone, user.time_zone = form.phone, form.time_zone
            await act.record(UserAction.CONTACT_CHANGED, user)
        _changed(act, user, old_key)


@looks_first
async def want_mention_mails(actor: Principal, wanted: bool) -> None:
    """Have the actor told by mail of comments that mention them, or not any more."""
    async with acting(actor, Permission.COMMENT, lock=_own(actor)) as act:
        user = act.own
        if user.wants_mention_mails is wanted:
            return
        user.wants_mention_mails = wanted
        await act.record(UserAction.MENTION_MAILS_SET, user, wanted=wanted)
        _changed(act, user, user.search_key)


async def set_picture(actor: Principal, data: bytes) -> None:
    """Show this picture of the actor. Raises `InvalidInputError`."""
    # Rollcall reads a file only for people who are signed in.
    async with viewing(actor, Permission.USE_OWN_ACCOUNT):
        pass
    await _replace_picture(actor, await read_portrait(actor, data))


async def remove_picture(actor: Principal) -> None:
    """Remove the actor's picture."""
    await _replace_picture(actor, None)


async def get_portrait(actor: Principal, user_id: UUID) -> Served:
    """The picture of somebody in the tenant in which the actor works. Raises `NotFoundError`."""
    async with viewing(actor, Permission.SELECT_USERS) as view:
        user = await view.get(User, user_id)
        picture = (
            await view.tx.exec(select(Picture).where(col(Picture.user_id) == user.id))
        ).first()
        if picture is None:
            raise NotFoundError("This user doesn't exist.")
        return served(picture)


async def find_portraits(tx: Transaction, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The digests of these users' pictures, for those who have one."""
    wanted = list(ids)
    pictures: dict[UUID, str] = {}
    for at in range(0, len(wanted), CHUNK):
        some = col(User.id).in_(wanted[at : at + CHUNK])
        found = await tx.exec(select(User.id, User.picture).where(some, User.picture != ""))
        pictures |= dict(found.all())
    return pictures


@looks_first
async def _replace_picture(actor: Principal, image: Encoded | None) -> None:
    async with acting(actor, Permission.USE_OWN_ACCOUNT, lock=_own(actor)) as act:
        user, digest = act.own, image.digest if image else ""
        if user.picture == digest:
            return
        await pictures.keep(act.tx, user.tenant_id, user.id, image)
        user.picture = digest
        await act.record(UserAction.PICTURE_CHANGED if image else UserAction.PICTURE_REMOVED, user)
        _changed(act, user, user.search_key)


def _may_get_mails(user: User) -> bool:
    return may(user.role, Permission.COMMENT) and outbox.is_configured()


def _own(actor: Principal) -> tuple[UUID, ...]:
    return () if actor.user_id is None else (actor.user_id,)


def _changed(act: Act, user: User, old_key: str) -> None:
    user.changed()
    act.publish(UserEdited.of(user, old_key))
