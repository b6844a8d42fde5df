"""What the log says of the operator."""

from collections.abc import Mapping
from typing import Any

from services.audit.actions import AuditAction


def _restore(details: Mapping[str, Any]) -> str:
    return f"{details.get('file', '')}, {details.get('sessions', 0)} sessions ended"


class OperatorAction(AuditAction):
    """What is done by the command line, and at the first start."""

    SET_UP = "rollcall.set_up", "Rollcall set up"
    RESTORED = "rollcall.restored", "Restored from a backup", _restore
