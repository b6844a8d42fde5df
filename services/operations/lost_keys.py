"""What to do about sealed secrets whose keys are lost for good."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from models import Authenticator, SsoConnection, SsoSession, Tenant, User
from services.access.actor import COMMAND_LINE
from services.audit.writing import record
from services.database import vault
from services.database.transaction import Transaction, transaction
from services.sign_in.second_factors import totp
from services.sso.actions import SsoAction
from services.tenants.events import TenantChanged


@dataclass(frozen=True)
class GivenUp:
    """Who was affected: emails of users without their app, and names of organisations without their
    single sign-on."""

    users: Sequence[str] = ()
    organisations: Sequence[str] = ()


async def give_up() -> GivenUp:
    """Forget every sealed secret that the keys can't open.

    An authenticator app is removed, so that its owner signs in without it and is told by mail; an
    organisation's single sign-on is disconnected. What the keys can open stays as it is.
    """
    async with transaction() as tx:
        users = await _without_apps(tx)
        organisations = await _without_connections(tx)
        for session in await tx.exec(select(SsoSession).with_for_update(key_share=True)):
            if not vault.opens(session.sealed_id_token):
                await tx.delete(session)
    return GivenUp(users, organisations)


async def _without_apps(tx: Transaction) -> list[str]:
    emails = []
    for user, app in await tx.exec(
        select(User, Authenticator)
        .where(col(Authenticator.user_id) == User.id)
        .order_by(col(User.id))
        .with_for_update(key_share=True)
    ):
        if not vault.opens(app.sealed_secret):
            await totp.lose_app(tx, user, app)
            emails.append(user.email)
    return emails


async def _without_connections(tx: Transaction) -> list[str]:
    names = []
    for tenant, connection in await tx.exec(
        select(Tenant, SsoConnection)
        .where(col(SsoConnection.tenant_id) == Tenant.id)
        .order_by(col(Tenant.id))
        .with_for_update(key_share=True)
    ):
        if vault.opens(connection.sealed_secret):
            continue
        await tx.delete(connection)
        await record(
            tx,
            SsoAction.DISCONNECTED,
            actor=COMMAND_LINE,
            tenant_id=tenant.id,
            issuer=connection.issuer,
        )
        tx.publish(TenantChanged(tenant_id=tenant.id))
        names.append(tenant.name)
    return names
