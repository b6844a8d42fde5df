"""The service calls about signing in, and who may make them."""

from contextlib import suppress
from uuid import UUID, uuid4

from models import Passkey, Role, SecondFactorPolicy, Tenant
from services.access.actor import Actor
from services.core import clock
from services.core.errors import ConflictError, PasskeyRefusedError
from services.database.transaction import reading, transaction
from services.sign_in import confirmation, password_change, password_links, policy
from services.sign_in.second_factors import passkeys, totp
from tests import books
from tests.factories import PASSWORD, create_user
from tests.services.call import EVERYONE, MANAGERS, Call

NEW_PASSWORD = "an entirely different sentence"


async def _admin_of(target: UUID) -> UUID:
    """A Tenant Admin of the tenant of a user, with a password."""
    tenant_id = (await books.user_of(target)).tenant_id
    async with reading() as tx:
        tenant = await tx.get_one(Tenant, tenant_id)
    return (await create_user(tenant, role=Role.TENANT_ADMIN)).id


async def _copy_password_link(actor: Actor, target: UUID) -> object:
    with suppress(ConflictError):  # only invited; told only to people who may do it
        return await password_links.copy_link(actor, target)
    return None


async def _copy_admin_password_link(actor: Actor, target: UUID) -> object:
    return await password_links.copy_link(actor, await _admin_of(target))


async def _mail_password_link(actor: Actor, target: UUID) -> object:
    with suppress(ConflictError):  # without a mail server, too
        await password_links.mail_link(actor, target)
    return None


async def _reset_factors(actor: Actor, target: UUID) -> object:
    with suppress(ConflictError):  # has none; told only to people who may do it
        await totp.reset(actor, target)
    return None


async def _finish_factor(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):
        await totp.finish(actor, "000000")
    return None


async def _begin_passkey(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):  # at an address that has none
        await passkeys.begin(actor)
    return None


async def _finish_passkey(actor: Actor, _target: UUID) -> object:
    with suppress(PasskeyRefusedError):
        await passkeys.finish(actor, "{}")
    return None


def _passkey(actor: Actor) -> Passkey:
    return Passkey(
        user_id=actor.user_id,
        credential_id=uuid4().bytes,
        public_key=b"",
        name=f"Device {uuid4().hex}",
        created_at=clock.now(),
    )


async def _remove_passkey(actor: Actor, _target: UUID) -> object:
    own = [_passkey(actor) for _ in range(2)]  # two, as the last one may have to stay
    async with transaction() as tx:
        tx.add_all(own)
    await passkeys.remove(actor, own[0].id)
    return None


async def _rename_passkey(actor: Actor, _target: UUID) -> object:
    async with transaction() as tx:
        tx.add(own := _passkey(actor))
    await passkeys.rename(actor, own.id, uuid4().hex)
    return None


async def _renew_codes(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):
        await totp.renew_codes(actor)
    return None


SIGN_IN_CALLS = [
    Call("sign_in.password_links.copy_link", MANAGERS, _copy_password_link),
    Call("sign_in.password_links.mail_link", MANAGERS, _mail_password_link),
    Call(
        "sign_in.password_links.copy_link for a Tenant Admin",
        {Role.PLATFORM_ADMIN},
        _copy_admin_password_link,
        takes_id=False,
    ),
    Call(
        "sign_in.policy.get_policy",
        MANAGERS,
        lambda a, _t: policy.get_policy(a),
        takes_id=False,
    ),
    Call(
        "sign_in.policy.require_second_factor",
        MANAGERS,
        lambda a, _t: policy.require_second_factor(a, SecondFactorPolicy.OPTIONAL),
        takes_id=False,
    ),
    Call("sign_in.second_factors.totp.get_of", MANAGERS, totp.get_of),
    Call("sign_in.second_factors.totp.reset", MANAGERS, _reset_factors),
    Call(
        "sign_in.second_factors.totp.get_own",
        EVERYONE,
        lambda a, _t: totp.get_own(a),
        takes_id=False,
    ),
    Call(
        "sign_in.second_factors.totp.begin", EVERYONE, lambda a, _t: totp.begin(a), takes_id=False
    ),
    Call("sign_in.second_factors.totp.finish", EVERYONE, _finish_factor, takes_id=False),
    Call("sign_in.second_factors.totp.renew_codes", EVERYONE, _renew_codes, takes_id=False),
    Call(
        "sign_in.second_factors.totp.remove",
        EVERYONE,
        lambda a, _t: totp.remove(a),
        takes_id=False,
    ),
    Call("sign_in.second_factors.passkeys.begin", EVERYONE, _begin_passkey, takes_id=False),
    Call("sign_in.second_factors.passkeys.finish", EVERYONE, _finish_passkey, takes_id=False),
    Call("sign_in.second_factors.passkeys.remove", EVERYONE, _remove_passkey, takes_id=False),
    Call("sign_in.second_factors.passkeys.rename", EVERYONE, _rename_passkey, takes_id=False),
    Call(
        "sign_in.confirmation.require_fresh",
        EVERYONE,
        lambda a, _t: confirmation.require_fresh(a),
        takes_id=False,
    ),
    Call(
        "sign_in.confirmation.confirm_password",
        EVERYONE,
        lambda a, _t: confirmation.confirm_password(a, PASSWORD),
        takes_id=False,
    ),
    Call(
        "sign_in.confirmation.note_failure",
        EVERYONE,
        lambda a, _t: confirmation.note_failure(a),
        takes_id=False,
    ),
    Call(
        "sign_in.password_change.judge_new_password",
        EVERYONE,
        lambda a, _t: password_change.judge_new_password(a, NEW_PASSWORD),
        takes_id=False,
    ),
    Call(
        "sign_in.password_change.change_password",
        EVERYONE,
        lambda a, _t: password_change.change_password(a, PASSWORD, NEW_PASSWORD),
        takes_id=False,
    ),
]
