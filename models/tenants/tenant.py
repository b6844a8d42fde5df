"""A tenant: one organisation, with its own users and its own slug."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, false
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id


class SecondFactorPolicy(StrEnum):
    """From whom a tenant requires a second factor."""

    OPTIONAL = "optional"
    ADMINS = "admins"
    EVERYONE = "everyone"

    @property
    def label(self) -> str:
        """The policy's name on the screen."""
        return {"optional": "Nobody", "admins": "Tenant Admins", "everyone": "Everyone"}[self.value]


class Tenant(SQLModel, table=True):
    """An organisation. Its pages live under `/t/<slug>/`.

    While it is closed nobody of it can sign in; its data stays.
    """

    __tablename__ = "tenant"
    __table_args__ = (
        Index("ix_tenant_name", "name_key", "id"),
        Index("ix_tenant_created", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    slug: str = Field(max_length=63, unique=True)
    name: str = Field(max_length=200)
    name_key: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The name as lists sort it and search in it (`names.fold`)."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    second_factor_policy: SecondFactorPolicy = Field(
        default=SecondFactorPolicy.OPTIONAL,
        sa_type=enum_type(SecondFactorPolicy),
        sa_column_kwargs={"server_default": SecondFactorPolicy.OPTIONAL.value},
    )
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_every_days: int | None = Field(default=None)
    """How often it is reviewed who still needs access; none where nobody asks for that."""
    review_reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its admins were last told that a review is due."""
    time_zone: str = Field(default="UTC", max_length=64, sa_column_kwargs={"server_default": "UTC"})
    """IANA's name of the time zone in which its days begin."""
    welcome_text: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What the welcome page says to everybody who is new."""
    documentation_url: str = Field(
        default="", max_length=2000, sa_column_kwargs={"server_default": ""}
    )
    logo: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    """The digest of its logo; empty where it has none."""
    brand_colour: str = Field(default="", max_length=7, sa_column_kwargs={"server_default": ""})
    """As its admins chose it, "#12b3b3"; `services.core.colours` makes it fit to be read."""
    allowed_domains: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The domains of those who may be invited, with commas between; empty: any."""
    tells_people: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether dialogs suggest that people are told by mail of what is done to their account."""
    usual_stay_days: int | None = Field(default=None)
    """After how many days an invitation suggests that access ends; none: it suggests no end."""
    longest_stay_days: int | None = Field(default=None)
    """For how many days at most anybody but an admin is given access; none: for good."""
