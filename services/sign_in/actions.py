"""What the log says of signing in, passwords and second factors."""

from collections.abc import Mapping
from typing import Any

from models import SecondFactorPolicy
from services.audit.actions import AuditAction


def _tried(details: Mapping[str, Any]) -> str:
    return f"as {details['email']}" if details.get("email") else ""


_NEEDED_BY = {policy.value: policy.label for policy in SecondFactorPolicy}


def _policy(details: Mapping[str, Any]) -> str:
    before, after = (_NEEDED_BY.get(str(details.get(name)), "") for name in ("before", "after"))
    return f"{before} → {after}"


class SignInAction(AuditAction):
    """What proves, or fails to prove, who somebody is."""

    FAILED = "session.sign_in_failed", "Sign-in failed", _tried
    CONFIRMATION_FAILED = "session.confirmation_failed", "Password confirmation failed"
    SECOND_FACTOR_FAILED = "session.second_factor_failed", "Second factor failed"


class PasswordAction(AuditAction):
    """What is done to passwords."""

    CHANGED = "password.changed", "Password changed"
    RESET_REQUESTED = "password.reset_requested", "Password reset requested", _tried
    LINK_COPIED = "password.link_copied", "Password link copied"
    LINK_SENT = "password.link_sent", "Password link sent"
    RESET = "password.reset", "Password reset"


class SecondFactorAction(AuditAction):
    """What is done to second factors."""

    AUTHENTICATOR_ADDED = "user.authenticator_added", "Authenticator app added"
    AUTHENTICATOR_REMOVED = "user.authenticator_removed", "Authenticator app removed"
    PASSKEY_ADDED = "user.passkey_added", "Passkey added"
    PASSKEY_REMOVED = "user.passkey_removed", "Passkey removed"
    PASSKEY_RENAMED = "user.passkey_renamed", "Passkey renamed"
    PASSKEY_COUNTER_WENT_BACK = "user.passkey_counter_went_back", "Passkey may be copied"
    RECOVERY_CODES_RENEWED = "user.recovery_codes_renewed", "Recovery codes renewed"
    RECOVERY_CODE_USED = "user.recovery_code_used", "Recovery code used"
    RESET = "user.second_factors_reset", "Second factor reset"
    POLICY_SET = "tenant.second_factor_policy_set", "Second factor requirement set", _policy
