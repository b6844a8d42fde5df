"""What the log says of organisations."""

from collections.abc import Mapping
from typing import Any

from services.audit.actions import AuditAction
from services.audit.words import change


def _mail_text(details: Mapping[str, Any]) -> str:
    return f"{details.get('mail')}: {details.get('heading')}"


class TenantAction(AuditAction):
    """What is done to an organisation; `HeadAction` has its beginning and its end."""

    RENAMED = "tenant.renamed", "Organisation renamed", change
    EDITED = "tenant.edited", "Organisation settings changed"
    LOGO_SET = "tenant.logo_set", "Logo set"
    LOGO_REMOVED = "tenant.logo_removed", "Logo removed"
    EXPORTED = "tenant.exported", "Organisations exported"
    MAIL_TEXT_CHANGED = "tenant.mail_text_changed", "Mail text changed", _mail_text
    MAIL_TEXT_RESET = "tenant.mail_text_reset", "Mail text reset"
