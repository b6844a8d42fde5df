"""Refusals. Each carries the sentence that the person reads: what happened, and what to do next.

No error here knows of HTTP. `ui/` turns them into notices and statuses; anything else that is
raised is a bug, and goes to the log.
"""

from collections.abc import Mapping

from models import EndReason


class RollcallError(Exception):
    """Something was refused; `str(error)` says why, to a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class SessionEndedError(RollcallError):
    """The caller's session has ended; nothing more is done for it."""

    def __init__(self, reason: EndReason | None = None) -> None:
        super().__init__("You are signed out. Sign in again.")
        self.reason = reason


class FreshSignInNeededError(RollcallError):
    """The act is sensitive, and the caller's last proof of identity is too old. `why` is a sentence
    on what makes it sensitive, where that isn't plain from the act."""

    def __init__(self, why: str = "") -> None:
        self.why = why or "This needs a recent sign-in."
        super().__init__(f"{self.why} Confirm that it’s you.")


class SecondFactorRequiredError(RollcallError):
    """The organisation requires a second factor, and the caller has none."""

    def __init__(self) -> None:
        super().__init__(
            "Your organisation requires a second factor. Set one up in My account first."
        )


class NotAllowedError(RollcallError):
    """The caller's role doesn't permit this."""

    def __init__(self, message: str = "Your role doesn't allow this. Ask your admin.") -> None:
        super().__init__(message)


class NotFoundError(RollcallError):
    """It doesn't exist, or it belongs to another tenant; both are told in the same words."""

    def __init__(self, message: str = "This doesn't exist, or was removed.") -> None:
        super().__init__(message)


class NoTenantError(NotFoundError):
    """No tenant has this slug."""

    def __init__(self) -> None:
        super().__init__("There is no organisation at this address. Check the link you were given.")


class InvalidInputError(RollcallError):
    """One or more fields are wrong; `fields` maps each to its sentence."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class ConflictError(RollcallError):
    """Somebody else changed something first, or a general rule forbids it."""


class StaleError(ConflictError):
    """The row has changed since the actor saw it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Somebody else has just changed {what}. Look again, then decide.")


class OwnSecondFactorMissingError(ConflictError):
    """Somebody who wants to require a second factor has none, and would lock themselves out."""

    def __init__(self) -> None:
        super().__init__("Set up a second factor of your own in My account first.")


class TenantClosedError(ConflictError):
    """Nobody can be let into a tenant that is closed."""

    def __init__(self) -> None:
        super().__init__(
            "This organisation is closed. A Platform Admin can reopen it under Organisations."
        )


class LastPlatformAdminError(ConflictError):
    """Without this account nobody could manage Rollcall."""

    def __init__(self) -> None:
        super().__init__(
            "This is the last active Platform Admin. Make someone else a Platform Admin first."
        )


class SelfDeactivationError(ConflictError):
    """Nobody may lock themselves out."""

    def __init__(self) -> None:
        super().__init__("You can't deactivate yourself. Contact a Platform Admin.")


class SignInFailedError(RollcallError):
    """Email, password, tenant or status don't let this person in. The error doesn't say which of
    them: that would help guessers."""

    def __init__(self) -> None:
        super().__init__(
            "That didn't work. Check the email, the password and the organisation's address, "
            "or ask your admin whether your account is active."
        )


class OtherDoorError(RollcallError):
    """The email and the password are right, but the account signs in elsewhere: at the tenant with
    this slug, or above the tenants if the slug is none. It is raised only after the password was
    proved."""

    def __init__(self, slug: str | None, name: str) -> None:
        super().__init__(f"Your account isn't here: it signs in to {name}.")
        self.slug = slug


class SecondStepNeededError(RollcallError):
    """The first factor was right, and there is a second: `ticket` is for `second_step.finish`."""

    def __init__(self, ticket: str) -> None:
        super().__init__("Enter a code of your authenticator app.")
        self.ticket = ticket


class SecondStepOverError(RollcallError):
    """The first step of this sign-in is too old, or something has changed since."""

    def __init__(self) -> None:
        super().__init__("This sign-in took too long. Start again with your password.")


class PasskeyRefusedError(RollcallError):
    """A passkey's answer proves nothing here: the passkey is unknown, or the answer is too old,
    from another site, or used already."""

    def __init__(self) -> None:
        super().__init__(
            "This passkey didn't work. Try again, use another way, or ask your admin whether your "
            "account is active."
        )


class PasskeyCopiedError(PasskeyRefusedError):
    """A passkey's counter went back, as it does if the passkey was copied. Its key was right."""

    def __init__(self) -> None:
        RollcallError.__init__(
            self,
            "This passkey's counter went back: somebody may have copied it. It wasn't taken. Use "
            "another way, then remove the passkey in My account.",
        )


class SsoRequiredError(RollcallError):
    """The organisation wants its people to come by single sign-on, and by nothing else."""

    def __init__(self, provider: str) -> None:
        super().__init__(f"Your organisation signs in with {provider}. Use that button instead.")


class TooManyAttemptsError(RollcallError):
    """Too many failures; `retry_after` is the pause in seconds."""

    def __init__(self, retry_after: int) -> None:
        wait = f"{retry_after} seconds" if retry_after < 120 else f"{-(-retry_after // 60)} minutes"
        super().__init__(f"Too many attempts. Wait {wait}, then try again.")
        self.retry_after = retry_after


class BusyError(TooManyAttemptsError):
    """Too many passwords are waiting to be checked; this one wasn't checked."""

    def __init__(self, retry_after: int) -> None:
        RollcallError.__init__(
            self,
            f"Many people are signing in right now. Try again in {retry_after} seconds.",
        )
        self.retry_after = retry_after


class TooMuchAtOnceError(TooManyAttemptsError):
    """The caller's own acts stand in one another's way; this one wasn't begun."""

    def __init__(self, retry_after: int = 1) -> None:
        RollcallError.__init__(
            self, "You are doing too much at once. Wait a moment, then try again."
        )
        self.retry_after = retry_after


class FloodedError(TooMuchAtOnceError):
    """The caller's pages sent more than people can send, and were closed; none opens for a
    moment."""

    def __init__(self, retry_after: int) -> None:
        RollcallError.__init__(
            self,
            "Your pages were closed: they sent more at once than Rollcall takes from one person. "
            f"Wait {retry_after} seconds, then try again.",
        )
        self.retry_after = retry_after


class DeadLinkError(RollcallError):
    """A one-time link is unknown, used, replaced or too old."""


class DatabaseUnavailableError(RollcallError):
    """The database didn't answer; nothing was changed. `reason` is what doesn't end by itself;
    `words` say what is wrong, and not what to do."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.words = reason or "The database doesn't answer."
        advice = "tell whoever runs Rollcall" if reason else "try again in a moment"
        super().__init__(f"{self.words} Nothing was changed; {advice}.")


class OperatorError(RollcallError):
    """Something on the command line or in the settings is wrong; the operator can mend it."""


class NoDatabaseError(OperatorError):
    """There is no embedded database where the settings say it is."""
