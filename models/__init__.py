"""The tables: facts and single-row rules, no queries."""

from models.attempt_counter import AttemptCounter
from models.audit_event import AuditEvent, AuditHead, NotedHead
from models.base import metadata, new_id
from models.bus_message import BusMessage
from models.known_device import KnownDevice
from models.login_session import EndReason, LoginSession, SignInMethod
from models.one_time_link import LinkPurpose, OneTimeLink
from models.outgoing_mail import MailProgress, MailState, MailTemplate, OutgoingMail
from models.second_factor import Authenticator, Passkey, RecoveryCode
from models.sso import ExternalIdentity, SeenLogoutToken, SsoConnection, SsoSession
from models.tenant import SecondFactorPolicy, Tenant
from models.user import Role, User
from models.user_count import UserCount
from models.user_import import ImportState, UserImport, UserImportBatch

__all__ = [
    "AttemptCounter",
    "AuditEvent",
    "AuditHead",
    "Authenticator",
    "BusMessage",
    "EndReason",
    "ExternalIdentity",
    "ImportState",
    "KnownDevice",
    "LinkPurpose",
    "LoginSession",
    "MailProgress",
    "MailState",
    "MailTemplate",
    "NotedHead",
    "OneTimeLink",
    "OutgoingMail",
    "Passkey",
    "RecoveryCode",
    "Role",
    "SecondFactorPolicy",
    "SeenLogoutToken",
    "SignInMethod",
    "SsoConnection",
    "SsoSession",
    "Tenant",
    "User",
    "UserCount",
    "UserImport",
    "UserImportBatch",
    "metadata",
    "new_id",
]
