"""An organisation's own words for a mail, which replace Rollcall's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id
from models.mail.outgoing_mail import MailTemplate


class MailText(SQLModel, table=True):
    """The subject and the text of one mail of a tenant; without a row, Rollcall's own are sent."""

    __tablename__ = "mail_text"
    __table_args__ = (UniqueConstraint("tenant_id", "template"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    template: MailTemplate = Field(sa_type=enum_type(MailTemplate))
    subject: str
    text: str
    changed_at: datetime = Field(sa_type=UtcDateTime)
