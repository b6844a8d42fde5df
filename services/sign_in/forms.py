"""The forms of the sign-in: proving who one is, one's password and second factors, and from whom an
organisation requires a second factor."""

from models import SecondFactorPolicy
from services.core.form_fields import Option
from services.core.forms import Form, choice, new_password, password, text, verbatim


class PasswordProof(Form):
    """The password, once more."""

    password: str = password("Password", autocomplete="current-password")


class PasswordChange(Form):
    """The current password, and the new one."""

    current: str = password("Current password", autocomplete="current-password")
    new: str = new_password("New password")


class FirstCode(Form):
    """The first code of an authenticator app, which activates it."""

    code: str = verbatim(
        "Code",
        most=20,
        autocomplete="one-time-code",
        hint="The six digits that the app shows now.",
    )


class PasskeyName(Form):
    """What somebody calls a passkey of theirs."""

    name: str = text("Name", hint="Such as the device that holds it.")


class SecondFactorRule(Form):
    """From whom a second factor is required."""

    second_factor: SecondFactorPolicy = choice(
        "Required of", [Option(policy, policy.label) for policy in SecondFactorPolicy]
    )
