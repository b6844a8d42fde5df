"""Why a mail wasn't sent.

`UnsendableError` is the mail's own fault (the recipient doesn't exist). `NotSentError` is what the
operator can mend, or what ends by itself, so the mail waits for it, for some ten hours
(`queue.PAUSES`); then it has failed.
"""

from services.core.errors import RollcallError


class UnsendableError(RollcallError):
    """This mail can't be sent, however often it is tried again."""


class RefusedByPolicyError(UnsendableError):
    """The server's policy is against this mail: against this recipient, or against every mail."""


class NotSentError(RollcallError):
    """This mail wasn't sent; the next attempt may succeed."""


class MisconfiguredError(NotSentError):
    """No mail can be sent until somebody mends a setting, or the server; the sentence names it.
    Mails wait for that as long as for anything else."""


class NotRelayedError(MisconfiguredError):
    """The server passes nothing on to this recipient's domain. It may take mails to its own."""


class BrokenOffError(NotSentError):
    """The server stalled or hung up amid a mail."""


class UnansweredError(BrokenOffError):
    """The whole mail was handed over and no answer came: whether it arrived is unknown."""
