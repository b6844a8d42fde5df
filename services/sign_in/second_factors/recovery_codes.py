"""Recovery codes: ten that each let their owner in once, for when the second factor is lost."""

import secrets
from uuid import UUID

from sqlmodel import col, delete, func, select

from models import RecoveryCode, User
from services.core import clock
from services.core.secrets import derive
from services.database import runtime
from services.database.transaction import Transaction
from services.sign_in.second_factors.typed_codes import plain_code

CODES = 10
# Without letters and digits that look alike. Ten characters of 30 have 49 bits: OWASP ASVS 5.0,
# 6.5.3 and 6.5.4, ask for 20 random bits if guessing is limited, as it is in `second_step`.
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
CODE_LENGTH = 10


async def issue(tx: Transaction, user: User) -> tuple[str, ...]:
    """New codes instead of the old ones, as they are shown this once."""
    await forget(tx, user)
    codes = [
        "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _number in range(CODES)
    ]
    for code in codes:
        hashed = _hash(user, code)
        tx.add(RecoveryCode(user_id=user.id, code_hash=hashed, created_at=clock.now()))
    half = CODE_LENGTH // 2
    return tuple(f"{code[:half]}-{code[half:]}" for code in codes)


async def take(tx: Transaction, user: User, typed: str) -> bool:
    """Use up a code of a user who is locked, in whatever form it was typed; returns whether it was
    one."""
    code = plain_code(typed)
    row = (
        await tx.exec(
            select(RecoveryCode).where(
                RecoveryCode.user_id == user.id,
                RecoveryCode.code_hash == _hash(user, code),
                col(RecoveryCode.used_at).is_(None),
            )
        )
    ).first()
    if row is None:
        return False
    row.used_at = clock.now()
    return True


async def left(tx: Transaction, user_id: UUID) -> int:
    """How many unused codes a user has."""
    found = await tx.exec(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, col(RecoveryCode.used_at).is_(None))
    )
    return found.one()


async def forget(tx: Transaction, user: User) -> None:
    """Take a user's codes away."""
    await tx.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))


def _hash(user: User, code: str) -> bytes:
    # With a key: 49 bits could be found by trying all of them against a stolen database.
    return derive(runtime.current().secret, "recovery-code", f"{user.id}{code}".encode())
