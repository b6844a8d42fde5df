"""The forms in which a tenant is created and renamed."""

from pydantic import field_validator

from services.core.errors import InvalidInputError
from services.core.forms import Form, text, verbatim
from services.core.names import check_slug


class TenantName(Form):
    """What a tenant is called."""

    name: str = text("Name")


class TenantClosing(Form):
    """The name of the tenant that is closed, typed by the person who closes it, so that they close
    the right one."""

    name: str = verbatim("Its name", hint="Type it, so that no other is closed.")


class NewTenant(TenantName):
    """A tenant's name and slug."""

    slug: str = text(
        "Address",
        optional=True,
        most=63,
        hint="What comes after /t/ in its address. Empty: made from the name.",
    )

    @field_validator("slug")
    @classmethod
    def _check(cls, slug: str) -> str:
        try:
            return check_slug(slug) if slug else slug
        except InvalidInputError as error:
            raise ValueError(str(error)) from error
