"""The first start: the one-time set-up link, or an unattended first account."""

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select, update

from models import AuditHead, LinkPurpose, OneTimeLink, Role, SignInMethod, Tenant, User
from services.access import one_time_links
from services.access.actor import COMMAND_LINE
from services.audit.actions import HeadAction
from services.audit.heads import note_tenant
from services.audit.writing import PLATFORM_CHAIN, record
from services.core import clock
from services.core.emails import check_email, email_key
from services.core.errors import DeadLinkError, InvalidInputError, OperatorError
from services.core.forms import email, new_password, text
from services.database import runtime
from services.database.transaction import LOCKED, Transaction, reading, transaction
from services.operations.actions import OperatorAction
from services.sessions.sessions import Caller
from services.sign_in.passwords import check_password, hash_password
from services.sign_in.sign_in import SignedIn, start_session
from services.tenants.tenants import add_tenant
from services.users.accounts import check_names, set_names
from services.users.actions import UserAction
from services.users.events import UserInvited
from services.users.forms import UserNames

ALREADY = "Rollcall is set up already. Sign in instead."


class SetupForm(UserNames):
    """The first organisation, and who runs it."""

    organisation: str = text("Organisation", ask="The organisation's name is required.")
    email: str = email()
    password: str = new_password("Password")


async def setup_url() -> str | None:
    """The path of the set-up page; none once an account exists. Then nothing is written or locked:
    a start on a database that can only be read serves, until it can be written to again."""
    if await is_set_up():
        return None
    async with transaction() as tx:
        await _lock(tx)
        if await _has_accounts(tx):
            return None
        link = (
            await tx.exec(
                select(OneTimeLink).where(
                    OneTimeLink.purpose == LinkPurpose.SETUP, col(OneTimeLink.void_at).is_(None)
                )
            )
        ).first()
        if link is None or not link.is_live(clock.now()):
            link = one_time_links.issue(tx, LinkPurpose.SETUP, None)
        return f"{runtime.current().settings.public_url}/setup/{one_time_links.token_of(link)}"


async def is_set_up() -> bool:
    """Whether any account exists."""
    async with reading() as tx:
        return await _has_accounts(tx)


async def open_setup(token: str) -> None:
    """Check the set-up link, without using it up. Raises `DeadLinkError`."""
    async with reading() as tx:
        if await _has_accounts(tx):
            raise DeadLinkError(ALREADY)
        await one_time_links.get_live(tx, LinkPurpose.SETUP, token)


async def set_up(token: str, values: Mapping[str, str], caller: Caller) -> SignedIn:
    """Create the Platform Admin and the first tenant from the values of a `SetupForm`, and sign in.

    If two do this at once, one wins, whatever link each of them has. Raises `DeadLinkError`,
    `InvalidInputError`.
    """
    await open_setup(token)
    form = await _checked(values)
    hashed = await hash_password(form.password)
    async with transaction() as tx:
        await _lock(tx)
        if await _has_accounts(tx):
            raise DeadLinkError(ALREADY)
        link = await one_time_links.get_live(tx, LinkPurpose.SETUP, token)
        link.used_at = clock.now()
        user = _platform_admin(tx, form.first_name, form.last_name, form.email, hashed)
        await tx.flush()
        tenant = await add_tenant(tx, form.organisation)
        await record(
            tx, OperatorAction.SET_UP, actor=None, by=user, tenant_id=tenant.id, ip=caller.ip
        )
        await note_tenant(tx, HeadAction.TENANT_CREATED, tenant, actor=None, by=user, ip=caller.ip)
        return await start_session(tx, user, caller, tenant, SignInMethod.LINK)


async def _checked(values: Mapping[str, str]) -> SetupForm:
    """The form, if nothing is wrong in it; the password is judged together with the rest."""
    form: SetupForm | None = None
    wrong: dict[str, str] = {}
    try:
        form = SetupForm(**values)
    except InvalidInputError as error:
        wrong |= error.fields
    words = [value for name, value in values.items() if name != "password"]
    try:
        await check_password(values.get("password", ""), words)
    except InvalidInputError as error:
        wrong |= error.fields
    if form is None or wrong:
        raise InvalidInputError(wrong)
    return form


async def create_platform_admin(
    email: str,
    password: str,
    *,
    first_name: str = "Platform",
    last_name: str = "Admin",
    tenant_name: str | None = None,
    only_first: bool = False,
) -> Tenant | None:
    """Create a Platform Admin from the command line or the settings, and a tenant if one is named.

    With `only_first`, nothing happens if an account exists. Raises `OperatorError`.
    """
    if only_first and await is_set_up():
        return None
    try:
        first, last = check_names(first_name, last_name)
        checked = check_email(email)
        await check_password(password, (first_name, last_name, email))
    except (ValueError, InvalidInputError) as error:
        raise OperatorError(f"Can't create the Platform Admin: {error}") from error
    hashed = await hash_password(password)
    async with transaction() as tx:
        await _lock(tx)
        if only_first and await _has_accounts(tx):
            return None
        taken = await tx.exec(
            select(User.id).where(User.email_key == email_key(checked), User.active)
        )
        if taken.first() is not None:
            raise OperatorError(f"An active account has the email {checked} already.")
        user = _platform_admin(tx, first, last, checked, hashed)
        try:
            await tx.flush()
        except IntegrityError as error:  # an invitation took the email at this very moment
            raise OperatorError(f"An active account has the email {checked} already.") from error
        await tx.exec(
            update(OneTimeLink)
            .where(col(OneTimeLink.purpose) == LinkPurpose.SETUP)
            .values(void_at=clock.now())
        )
        tenant = None
        if tenant_name is not None:
            tenant = await add_tenant(tx, tenant_name)
        await record(tx, UserAction.INVITED, actor=COMMAND_LINE, subject=user, role=user.role.label)
        if tenant is not None:
            await note_tenant(tx, HeadAction.TENANT_CREATED, tenant, actor=COMMAND_LINE)
        tx.publish(UserInvited(tenant_id=None, user_id=user.id))
        return tenant


async def _lock(tx: Transaction) -> None:
    # The head of the platform's chain exists from the start: because it is locked, two creations at
    # once come one after the other, on both databases.
    await tx.get(AuditHead, PLATFORM_CHAIN, **LOCKED)


def _platform_admin(tx: Transaction, first: str, last: str, email: str, hashed: str) -> User:
    user = User(
        first_name=first,
        last_name=last,
        email=email,
        email_key=email_key(email),
        role=Role.PLATFORM_ADMIN,
        password_hash=hashed,
        created_at=clock.now(),
    )
    set_names(user, first, last)
    tx.add(user)
    return user


async def _has_accounts(tx: Transaction) -> bool:
    return (await tx.exec(select(User.id).limit(1))).first() is not None
