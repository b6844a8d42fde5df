"""The forms of the sign-in: proving who one is, one's password and second factors, and of whom an
organisation requires one."""

from models import SecondFactorPolicy
from services.core.form_fields import Option
from services.core.forms import Form, choice, new_password, password, text, verbatim


class PasswordProof(Form):
    """The password, once more."""

    password: str = password("Password", autocomplete="current-password")


class PasswordChange(Form):
    """The password that is, and the one that is to be."""

    current: str = password("Current password", autocomplete="current-password")
    new: str = new_password("New password")


class FirstCode(Form):
    """The first code of an authenticator app, which puts it into force."""

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
    """Of whom a second factor is required."""

    second_factor: SecondFactorPolicy = choice(
        "Required of", [Option(policy, policy.label) for policy in SecondFactorPolicy]
    )
