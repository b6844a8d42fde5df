"""The tables: facts and single-row rules, no queries."""

from models.attempt_counter import AttemptCounter
from models.audit_event import AuditEvent, AuditHead, NotedHead
from models.base import metadata, new_id
from models.bus_message import BusMessage
from models.known_device import KnownDevice
from models.list_choice import ListChoice
from models.login_session import EndReason, LoginSession, SignInMethod
from models.one_time_link import LinkPurpose, OneTimeLink
from models.outgoing_mail import MailProgress, MailState, MailTemplate, OutgoingMail
from models.second_factor import Authenticator, Passkey, RecoveryCode
from models.sso import ExternalIdentity, SeenLogoutToken, SsoConnection, SsoSession
from models.tenant import SecondFactorPolicy, Tenant
from models.user import Role, User
from models.user_count import UserCount
from models.user_import import ImportState, UserImport, UserImportBatch
from models.workspace.base import Side
from models.workspace.comment import Comment, CommentMention
from models.workspace.criterion import CriterionResult, CriterionTask, Importance, SuccessCriterion
from models.workspace.poc import CLOSED_STATUSES, HomeVisit, Poc, PocMember, PocStatus
from models.workspace.resource import FileChunk, Resource, ResourceFile, ResourceKind
from models.workspace.task import Task, TaskAssignee, TaskGroup, TaskStatus
from models.workspace.template import GroupTemplate, GroupTemplateTask, TaskTemplate

__all__ = [
    "CLOSED_STATUSES",
    "AttemptCounter",
    "AuditEvent",
    "AuditHead",
    "Authenticator",
    "BusMessage",
    "Comment",
    "CommentMention",
    "CriterionResult",
    "CriterionTask",
    "EndReason",
    "ExternalIdentity",
    "FileChunk",
    "GroupTemplate",
    "GroupTemplateTask",
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
    "NotedHead",
    "OneTimeLink",
    "OutgoingMail",
    "Passkey",
    "Poc",
    "PocMember",
    "PocStatus",
    "RecoveryCode",
    "Resource",
    "ResourceFile",
    "ResourceKind",
    "Role",
    "SecondFactorPolicy",
    "SeenLogoutToken",
    "Side",
    "SignInMethod",
    "SsoConnection",
    "SsoSession",
    "SuccessCriterion",
    "Task",
    "TaskAssignee",
    "TaskGroup",
    "TaskStatus",
    "TaskTemplate",
    "Tenant",
    "User",
    "UserCount",
    "UserImport",
    "UserImportBatch",
    "metadata",
    "new_id",
]
