"""A storm of sign-ins that fail."""

from models import User
from services.audit.writing import record
from services.database.transaction import transaction
from services.screens.troubles import STORM
from services.sign_in.actions import SignInAction


async def fail_sign_ins(user: User) -> None:
    """As many as make a storm, each from another address."""
    async with transaction() as tx:
        for number in range(STORM):
            await record(
                tx, SignInAction.FAILED, actor=None, subject=user, address=f"192.0.2.{number}"
            )
