"""A storm of sign-ins that fail."""

from models import User
from services.audit.writing import Action, record
from services.core.db import transaction
from services.screens.troubles import STORM


async def fail_sign_ins(user: User) -> None:
    """As many as make a storm, each from another address."""
    async with transaction() as tx:
        for number in range(STORM):
            await record(
                tx, Action.SIGN_IN_FAILED, actor=None, subject=user, address=f"192.0.2.{number}"
            )
