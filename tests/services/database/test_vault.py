"""Secrets that must be read again are sealed at rest, under keys that can be changed."""

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from models import Authenticator, SsoConnection, Tenant, User
from services.access.actor import COMMAND_LINE
from services.core import clock
from services.core.errors import OperatorError
from services.core.settings import Settings
from services.database import vault
from services.database.runtime import Runtime
from services.database.startup import started
from services.database.transaction import reading, transaction
from services.operations import lost_keys
from services.operations.lost_keys import GivenUp
from services.sign_in.second_factors import totp
from tests import books
from tests.factories import create_tenant, create_user

SECRET = "JBSWY3DPEHPK3PXP"


async def _sealed_row(tenant: Tenant) -> SsoConnection:
    row = SsoConnection(
        tenant_id=tenant.id,
        name="Test",
        issuer="https://sso.example.com",
        client_id="rollcall",
        sealed_secret=vault.seal(SECRET),
        created_at=clock.now(),
    )
    async with transaction() as tx:
        tx.add(row)
    return row


async def _stored(row: SsoConnection) -> bytes:
    async with reading() as tx:
        return (await tx.get_one(SsoConnection, row.tenant_id)).sealed_secret


def _keys(rollcall: Runtime) -> list[str]:
    return (rollcall.settings.data_dir / vault.KEYS_FILE).read_text().split()


async def test_a_sealed_secret_can_be_opened_and_not_read(rollcall: Runtime) -> None:
    sealed = vault.seal(SECRET)
    assert SECRET.encode() not in sealed
    assert vault.unseal(sealed) == SECRET


async def test_the_keys_are_for_their_owner_alone(rollcall: Runtime) -> None:
    vault.seal(SECRET)
    path = rollcall.settings.data_dir / vault.KEYS_FILE
    assert path.stat().st_mode & 0o777 == 0o600


async def test_rotating_seals_everything_under_a_new_key(rollcall: Runtime, tenant: Tenant) -> None:
    row = await _sealed_row(tenant)
    before = _keys(rollcall)
    assert await vault.rotate() == 1
    new, kept = _keys(rollcall)
    assert [kept] == before
    assert Fernet(new).decrypt(await _stored(row)).decode() == SECRET


async def test_a_key_is_gone_after_the_second_rotation(rollcall: Runtime, tenant: Tenant) -> None:
    row = await _sealed_row(tenant)
    (first,) = _keys(rollcall)
    await vault.rotate()
    await vault.rotate()
    assert first not in _keys(rollcall)
    assert vault.unseal(await _stored(row)) == SECRET


async def test_given_keys_are_used_and_rotated_by_the_operator(
    rollcall: Runtime, tenant: Tenant
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    rollcall.settings.encryption_keys = SecretStr(old)
    row = await _sealed_row(tenant)
    rollcall.settings.encryption_keys = SecretStr(f"{new},{old}")
    await vault.rotate()
    rollcall.settings.encryption_keys = SecretStr(new)
    assert vault.unseal(await _stored(row)) == SECRET


async def test_replicas_that_share_the_signing_secret_share_the_key(settings: Settings) -> None:
    settings.secret = SecretStr("s" * 32)
    async with started(settings):
        sealed = vault.seal(SECRET)
        assert vault.unseal(sealed) == SECRET
    assert not (settings.data_dir / vault.KEYS_FILE).exists()


async def test_a_lost_key_is_told_with_what_to_do(rollcall: Runtime) -> None:
    sealed = vault.seal(SECRET)
    (rollcall.settings.data_dir / vault.KEYS_FILE).unlink()
    with pytest.raises(OperatorError, match="Restore encryption-keys"):
        vault.unseal(sealed)


async def test_lost_keys_are_told_at_the_start_and_no_new_ones_are_made(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(settings):
        row = await _sealed_row(await create_tenant())
    keys = settings.data_dir / vault.KEYS_FILE
    before = keys.read_text()
    keys.unlink()
    async with started(settings):
        assert vault.LOST in caplog.text
        assert "Restore encryption-keys" in caplog.text
        assert not keys.exists()
        for call in (lambda: vault.seal("x"), lambda: vault.unseal(row.sealed_secret)):
            with pytest.raises(OperatorError, match="Restore encryption-keys"):
                call()
    assert not keys.exists()
    keys.write_text(before)
    async with started(settings):
        assert vault.unseal(row.sealed_secret) == SECRET


async def test_rotating_without_the_keys_is_refused_and_changes_nothing(
    rollcall: Runtime, tenant: Tenant
) -> None:
    row = await _sealed_row(tenant)
    keys = rollcall.settings.data_dir / vault.KEYS_FILE
    before, wrong = keys.read_text(), Fernet.generate_key().decode()
    keys.write_text(wrong)
    with pytest.raises(OperatorError, match="Secrets that can't be opened: 1"):
        await vault.rotate()
    assert keys.read_text() == wrong
    keys.write_text(before)
    assert vault.unseal(await _stored(row)) == SECRET


async def test_who_gives_up_what_is_lost_keeps_what_is_not(
    rollcall: Runtime, tenant: Tenant
) -> None:
    row = await _sealed_row(tenant)
    ada, grace, joan = [await create_user(tenant) for _ in range(3)]
    keys = rollcall.settings.data_dir / vault.KEYS_FILE
    kept = keys.read_text()
    for user, confirmed in ((ada, True), (joan, False)):
        keys.write_text(Fernet.generate_key().decode())
        await _add_app(user, confirmed=confirmed)
    keys.write_text(kept)
    await _add_app(grace, confirmed=True)
    assert await vault.lost() == 2
    given_up = await lost_keys.give_up()
    assert given_up == GivenUp([ada.email, joan.email], [])
    assert await vault.lost() == 0
    assert vault.unseal(await _stored(row)) == SECRET
    assert (await totp.get_of(COMMAND_LINE, grace.id)).since is not None
    assert (await totp.get_of(COMMAND_LINE, ada.id)).since is None
    assert (await books.actions_of(tenant)).count("user.authenticator_removed") == 1


async def _add_app(user: User, *, confirmed: bool) -> None:
    async with transaction() as tx:
        tx.add(
            Authenticator(
                user_id=user.id,
                sealed_secret=vault.seal(SECRET),
                created_at=clock.now(),
                confirmed_at=clock.now() if confirmed else None,
            )
        )


async def test_a_malformed_key_is_told_with_its_place(rollcall: Runtime) -> None:
    rollcall.settings.encryption_keys = SecretStr("not-a-key")
    with pytest.raises(OperatorError, match="ROLLCALL_ENCRYPTION_KEYS holds a malformed key"):
        vault.seal(SECRET)


async def test_a_damaged_file_of_keys_is_told_with_its_place(rollcall: Runtime) -> None:
    (rollcall.settings.data_dir / vault.KEYS_FILE).write_bytes(b"\xff\xfe")
    assert not vault.seals()
    with pytest.raises(OperatorError, match="encryption-keys holds a malformed key"):
        vault.seal(SECRET)
