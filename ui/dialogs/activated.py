"""What is said after an activation, with the offer to tell the person if they aren't told."""

from functools import partial

from services.access.actor import Actor
from services.core.words import isolated_where_needed
from services.mail import outbox
from services.users import accounts
from services.users.forms import TELL
from services.users.switching import StatusChange
from ui.actions import told
from ui.components.toast import Toast
from ui.dialogs.telling import active_again


def show_active(toast: Toast, actor: Actor, change: StatusChange, hint: str = "") -> None:
    """Say that somebody is active again."""
    offered = outbox.is_configured() and not change.told and not change.invited
    toast.show(
        f"{active_again(change)}{hint}",
        tone="success",
        action_label=TELL if offered else None,
        on_action=told(toast)(partial(_tell, toast, actor, change)) if offered else None,
    )


async def _tell(toast: Toast, actor: Actor, change: StatusChange) -> None:
    await accounts.tell_active(actor, change.user_id)
    toast.show(f"{isolated_where_needed(change.name)} is told by mail.", tone="success")
