"""The tables: facts and single-row rules, no queries."""

from models.access.one_time_link import LinkPurpose, OneTimeLink
from models.audit.audit_event import AuditEvent, AuditHead, NotedHead
from models.base import first_id, metadata, new_id
from models.bulk.bulk_act import BulkAct, BulkActBatch, BulkKind, BulkState
from models.core.bus_message import BusMessage
from models.lists.list_choice import ListChoice
from models.mail.mail_text import MailText
from models.mail.outgoing_mail import (
    INVITING,
    MailProgress,
    MailState,
    MailTemplate,
    OutgoingMail,
)
from models.reviews.review import Decision, Review, ReviewOutcome, ReviewPerson
from models.screens.here_count import HereCount
from models.screens.pairing import ScreenCode, ScreenTab
from models.screens.screen import Screen
from models.sessions.known_device import KnownDevice
from models.sessions.login_session import (
    SEEN_EVERY,
    EndReason,
    LoginSession,
    SessionKind,
    SignInMethod,
)
from models.sign_in.attempt_counter import AttemptCounter
from models.sign_in.second_factor import (
    Authenticator,
    CustomerPasskey,
    Passkey,
    PasskeyRow,
    RecoveryCode,
)
from models.sso.connection import ExternalIdentity, SeenLogoutToken, SsoConnection, SsoSession
from models.tenants.tenant import SecondFactorPolicy, Tenant
from models.users.email_change import EmailChange
from models.users.picture import Picture
from models.users.stay import CalendarFeed, EndReminder, Onboarding
from models.users.user import Role, User
from models.users.user_count import UserCount
from models.users.user_import import ImportState, UserImport, UserImportBatch
from models.workspace.base import Side
from models.workspace.comment import Comment, CommentMention
from models.workspace.criterion import CriterionResult, CriterionTask, Importance, SuccessCriterion
from models.workspace.customer import CustomerPerson, PocCustomer
from models.workspace.handover import Handover
from models.workspace.poc import CLOSED_STATUSES, HomeVisit, Poc, PocMember, PocStatus
from models.workspace.poc_count import PocCount
from models.workspace.resource import FileChunk, Resource, ResourceFile, ResourceKind
from models.workspace.task import (
    GroupAssignee,
    GroupCustomer,
    Task,
    TaskAssignee,
    TaskCustomer,
    TaskGroup,
    TaskStatus,
)
from models.workspace.template import GroupTemplate, GroupTemplateTask, TaskTemplate

__all__ = [
    "CLOSED_STATUSES",
    "INVITING",
    "SEEN_EVERY",
    "AttemptCounter",
    "AuditEvent",
    "AuditHead",
    "Authenticator",
    "BulkAct",
    "BulkActBatch",
    "BulkKind",
    "BulkState",
    "BusMessage",
    "CalendarFeed",
    "Comment",
    "CommentMention",
    "CriterionResult",
    "CriterionTask",
    "CustomerPasskey",
    "CustomerPerson",
    "Decision",
    "EmailChange",
    "EndReason",
    "EndReminder",
    "ExternalIdentity",
    "FileChunk",
    "GroupAssignee",
    "GroupCustomer",
    "GroupTemplate",
    "GroupTemplateTask",
    "Handover",
    "HereCount",
    "HomeVisit",
    "ImportState",
    "Importance",
    "KnownDevice",
    "LinkPurpose",
    "ListChoice",
    "LoginSession",
    "MailProgress",
    "MailState",
    "MailTemplate",
    "MailText",
    "NotedHead",
    "Onboarding",
    "OneTimeLink",
    "OutgoingMail",
    "Passkey",
    "PasskeyRow",
    "Picture",
    "Poc",
    "PocCount",
    "PocCustomer",
    "PocMember",
    "PocStatus",
    "RecoveryCode",
    "Resource",
    "ResourceFile",
    "ResourceKind",
    "Review",
    "ReviewOutcome",
    "ReviewPerson",
    "Role",
    "Screen",
    "ScreenCode",
    "ScreenTab",
    "SecondFactorPolicy",
    "SeenLogoutToken",
    "SessionKind",
    "Side",
    "SignInMethod",
    "SsoConnection",
    "SsoSession",
    "SuccessCriterion",
    "Task",
    "TaskAssignee",
    "TaskCustomer",
    "TaskGroup",
    "TaskStatus",
    "TaskTemplate",
    "Tenant",
    "User",
    "UserCount",
    "UserImport",
    "UserImportBatch",
    "first_id",
    "metadata",
    "new_id",
]
