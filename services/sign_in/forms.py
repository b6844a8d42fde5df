"""The forms in which somebody who is signed in proves who they are, and changes their password."""

from services.core.forms import Form, new_password, password


class PasswordProof(Form):
    """The password, once more."""

    password: str = password("Password", autocomplete="current-password")


class PasswordChange(Form):
    """The password that is, and the one that is to be."""

    current: str = password("Current password", autocomplete="current-password")
    new: str = new_password("New password")
