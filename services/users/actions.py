"""What the log says of users."""

from collections.abc import Mapping
from typing import Any

from services.audit.actions import AuditAction
from services.audit.words import change, counted
from services.bulk.words import bulk_words
from services.core.names import listed


def _departure(details: Mapping[str, Any]) -> str:
    ended = [
        counted(len(details.get("session_ids", ())), "session"),
        counted(details.get("links", 0), "link"),
        counted(len(details.get("passkeys", ())), "passkey"),
    ]
    said = ", ".join(filter(None, ended))
    reason = str(details.get("reason", ""))
    return ": ".join(filter(None, [reason, f"ended {said}" if said else ""]))


WORK = {"pocs": "POC", "tasks": "task", "groups": "group"}
"""The kinds of work that can be handed over, and their nouns."""


def given_words(given: Mapping[str, Any]) -> str:
    """How much of each kind was handed over to whom: 2 POCs and 1 task to Eve Ng."""
    counts = [counted(given.get(kind, 0), noun) for kind, noun in WORK.items()]
    return f"{listed([*filter(None, counts)])} to {given['name']}"


def _handover(details: Mapping[str, Any]) -> str:
    return "; ".join(map(given_words, details.get("to", ())))


def _renamed(details: Mapping[str, Any]) -> str:
    return f"was {details.get('before', '')}"


def _end(details: Mapping[str, Any]) -> str:
    said = (details.get(name) for name in ("end_date", "end_time", "time_zone"))
    return " ".join(str(value) for value in said if value) or "none"


def _ends_set(details: Mapping[str, Any]) -> str:
    day = details.get("end_date")
    return bulk_words(details, *([f"end date {day}"] if day else []))


class UserAction(AuditAction):
    """What is done to one user."""

    INVITED = "user.invited", "User invited"
    ACTIVATED = "user.activated", "User activated"
    DEACTIVATED = "user.deactivated", "User deactivated", _departure
    WORK_HANDED_OVER = "user.work_handed_over", "Work handed over", _handover
    WORK_TAKEN_BACK = "user.work_taken_back", "Handed over work taken back", _handover
    ROLE_CORRECTED = "user.role_corrected", "Role corrected", change
    RENAMED = "user.renamed", "User renamed", _renamed
    CONTACT_CHANGED = "user.contact_changed", "Contact details changed"
    PICTURE_CHANGED = "user.picture_changed", "Picture changed"
    PICTURE_REMOVED = "user.picture_removed", "Picture removed"
    EMAIL_CHANGE_REQUESTED = "user.email_change_requested", "Email change requested"
    EMAIL_CHANGE_CANCELLED = "user.email_change_cancelled", "Email change cancelled"
    EMAIL_CHANGED = "user.email_changed", "Email changed", change
    EMAIL_CHANGE_TAKEN_BACK = "user.email_change_taken_back", "Email change taken back", change
    END_DATE_SET = "user.end_date_set", "User end date set", _end
    CONTRACTOR_SET = "user.contractor_set", "Contractor set"
    END_REMINDERS_SET = "user.end_reminders_set", "Reminders of ends set"
    MENTION_MAILS_SET = "user.mention_mails_set", "Mails about mentions set"
    EXPORTED = "user.exported", "Users exported"


class InvitationAction(AuditAction):
    """What is done to invitations."""

    RESENT = "invitation.resent", "Invitation resent"
    LINK_COPIED = "invitation.link_copied", "Invitation link copied"
    ACCEPTED = "invitation.accepted", "Invitation accepted"


class BulkAction(AuditAction):
    """What is done to many users at once."""

    DEACTIVATED = "users.deactivated", "Users deactivated in bulk", bulk_words
    ACTIVATED = "users.activated", "Users activated in bulk", bulk_words
    RESENT = "users.invitations_resent", "Invitations resent in bulk", bulk_words
    LINKS_COPIED = "users.links_copied", "Invitation links copied in bulk", bulk_words
    END_DATE_SET = "users.end_date_set", "End dates set in bulk", _ends_set
