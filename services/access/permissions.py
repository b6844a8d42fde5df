"""Who may do what: every permission of every role, as data.

Pages, services and the Roles page all read these tables; no rule about roles stands elsewhere.
"""

from dataclasses import dataclass
from enum import StrEnum

from models import Role


class Permission(StrEnum):
    """Something a role may do; the value is its wording on the Roles page."""

    USE_OWN_ACCOUNT = "Manage their own name, contact, password, second factor and sessions"
    VIEW_ROLES = "See what each role may do"
    SELECT_USERS = "Find active users by name, to choose them for work"
    VIEW_USERS = "View all users"
    INVITE_USERS = "Invite Administrators and Sales Engineers"
    SWITCH_USERS = "Activate and deactivate users"
    EDIT_USERS = "Edit users' names, emails and end dates"
    SIGN_OUT_USERS = "Sign users out everywhere"
    RESET_SECOND_FACTORS = "Reset users' second factors"
    RESET_PASSWORDS = "Make links with which users choose a new password"
    VIEW_AUDIT = "Read and export the audit log"
    MANAGE_SIGN_IN = "Set how the organisation's users sign in"
    MANAGE_SCREENS = "Pair, set up and revoke shared screens"
    MANAGE_ORGANISATION = "Set the organisation's name, looks, rules and mails"
    CREATE_TEMPLATES = "Create task and task group templates"
    ADD_TEMPLATE_RESOURCES = "Add resources to templates"
    VIEW_TEMPLATES = "View templates, and what a POC would get from them"
    VIEW_ALL_POCS = "View all POCs"
    REASSIGN_POCS = "Hand any POC over to another owner"
    RUN_POCS = "Create and manage POCs"
    INVITE_CUSTOMERS = "Invite customers"
    MANAGE_TASKS = "Manage tasks and progress"
    COMMENT = "Add comments and resources"
    MANAGE_TENANTS = "Create, rename, close and reopen organisations"
    INVITE_TENANT_ADMINS = "Invite Tenant Admins"
    MANAGE_PLATFORM_ADMINS = "Invite, activate and deactivate Platform Admins"
    VIEW_SYSTEM = "See how the system is doing, and have it checked"
    VIEW_SHARED_POC = "See what is shared of the POC that they were invited to"
    COMMENT_AS_CUSTOMER = "Comment on it, for both sides to read"
    KEEP_OWN_PASSKEYS = "Set up passkeys of their own, to come in with"
    ADVANCE_AS_CUSTOMER = "Mark the tasks of their side done, and accept what is finished"
    VIEW_AS_SCREEN = "Show what the screen was set up for"


P = Permission

_EVERYONE = frozenset({P.USE_OWN_ACCOUNT, P.VIEW_ROLES, P.SELECT_USERS})
_MANAGE_USERS = frozenset(
    {
        P.VIEW_USERS,
        P.INVITE_USERS,
        P.SWITCH_USERS,
        P.EDIT_USERS,
        P.SIGN_OUT_USERS,
        P.RESET_SECOND_FACTORS,
        P.RESET_PASSWORDS,
        P.VIEW_AUDIT,
        P.MANAGE_SIGN_IN,
        P.MANAGE_SCREENS,
        P.MANAGE_ORGANISATION,
    }
)
_SEE_THE_WORK = frozenset({P.VIEW_TEMPLATES, P.VIEW_ALL_POCS})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.PLATFORM_ADMIN: _EVERYONE
    | _MANAGE_USERS
    | _SEE_THE_WORK
    | {P.REASSIGN_POCS}
    | {P.MANAGE_TENANTS, P.INVITE_TENANT_ADMINS, P.MANAGE_PLATFORM_ADMINS, P.VIEW_SYSTEM},
    Role.TENANT_ADMIN: _EVERYONE | _MANAGE_USERS | _SEE_THE_WORK | {P.REASSIGN_POCS},
    Role.ADMINISTRATOR: _EVERYONE | _SEE_THE_WORK | {P.CREATE_TEMPLATES, P.ADD_TEMPLATE_RESOURCES},
    Role.SALES_ENGINEER: _EVERYONE
    | _SEE_THE_WORK
    | {P.RUN_POCS, P.INVITE_CUSTOMERS, P.MANAGE_TASKS, P.COMMENT},
}

# What outsiders may do. No role has any of it, and outsiders have nothing of a role.
CUSTOMER_PERMISSIONS = frozenset(
    {P.VIEW_SHARED_POC, P.COMMENT_AS_CUSTOMER, P.ADVANCE_AS_CUSTOMER, P.KEEP_OWN_PASSKEYS}
)
SCREEN_PERMISSIONS = frozenset({P.VIEW_AS_SCREEN})

# What a person might expect of a role that doesn't have it: the Roles page says so in words.
CANNOT: dict[Role, tuple[str, ...]] = {
    Role.PLATFORM_ADMIN: ("Can't change a role after an account was created",),
    Role.TENANT_ADMIN: (
        "Can't change a role, not even their own",
        "Can't deactivate themselves",
        "Can't reset their own second factor",
        "Can't change templates, or what is in a POC",
    ),
    Role.ADMINISTRATOR: ("Can't manage users", "Can't change POCs"),
    Role.SALES_ENGINEER: (
        "Can't create templates",
        "Can't change a POC without being a member of it",
    ),
}


# What each role is for. It is shown where a role is chosen, because it can't be changed later.
DESCRIPTIONS: dict[Role, str] = {
    Role.PLATFORM_ADMIN: "Creates and closes organisations.",
    Role.TENANT_ADMIN: "Manages users, and how they sign in.",
    Role.ADMINISTRATOR: "Makes templates, and sees all POCs.",
    Role.SALES_ENGINEER: "Runs POCs with customers.",
}


class Secret(StrEnum):
    """What a call hands out or sets that lets somebody in, or takes data out of Rollcall."""

    INVITATION = "the invitation of an Administrator or a Sales Engineer"
    TENANT_ADMIN_INVITATION = "the invitation of a Tenant Admin"
    PLATFORM_ADMIN_INVITATION = "the invitation of a Platform Admin"
    PASSWORD_LINK = "a link for the new password of an Administrator or a Sales Engineer"  # noqa: S105 - words for people
    TENANT_ADMIN_PASSWORD_LINK = "a link for the new password of a Tenant Admin"  # noqa: S105 - words for people
    PLATFORM_ADMIN_PASSWORD_LINK = "a link for the new password of a Platform Admin"  # noqa: S105 - words for people
    OWN_SECOND_FACTOR = "a new second factor of one's own, or new recovery codes"
    AUDIT_EXPORT = "the audit log as a file"
    USERS_EXPORT = "the users as a file"
    TENANTS_EXPORT = "the organisations as a file"
    TEMPLATES_EXPORT = "the templates as a file"
    POCS_EXPORT = "the POCs as a file"
    CUSTOMERS_EXPORT = "the customers as a file"
    CALENDAR_FEED = "the address at which a calendar reads whose access ends when"
    CUSTOMER_LINK = "a link that lets somebody at a customer's in"
    SINGLE_SIGN_ON = "the provider whose word lets people in, and whether they must come by it"
    SCREEN = "the session of a shared screen"
    EMAIL = "the email at which links for somebody's account arrive"
    OWN_EMAIL = "the same of one's own account"


@dataclass(frozen=True)
class Rule:
    """What handing out a secret takes: a permission, and perhaps a fresh sign-in."""

    permission: Permission
    fresh: bool


# What calls hand out or set, and what that takes: `authorize` reads the rule here. Tests hold the
# calls against it that return what may be a secret, make a link, a token or a sealed value, or take
# a fresh sign-in. They don't see whatever else lets somebody in: a change of one's own password
# isn't listed, and takes the current one. A customer's person has no role, and so no rule here: to
# set up a passkey, they must have just come in (`workspace/customers/passkeys.py`). Whoever makes
# an admin passes on their own power, and a stolen session must not be enough for that.
SECRETS: dict[Secret, Rule] = {
    Secret.INVITATION: Rule(P.INVITE_USERS, fresh=False),
    Secret.TENANT_ADMIN_INVITATION: Rule(P.INVITE_TENANT_ADMINS, fresh=True),
    Secret.PLATFORM_ADMIN_INVITATION: Rule(P.MANAGE_PLATFORM_ADMINS, fresh=True),
    Secret.PASSWORD_LINK: Rule(P.RESET_PASSWORDS, fresh=True),
    Secret.TENANT_ADMIN_PASSWORD_LINK: Rule(P.INVITE_TENANT_ADMINS, fresh=True),
    Secret.PLATFORM_ADMIN_PASSWORD_LINK: Rule(P.MANAGE_PLATFORM_ADMINS, fresh=True),
    Secret.OWN_SECOND_FACTOR: Rule(P.USE_OWN_ACCOUNT, fresh=True),
    Secret.AUDIT_EXPORT: Rule(P.VIEW_AUDIT, fresh=True),
    Secret.USERS_EXPORT: Rule(P.VIEW_USERS, fresh=False),
    Secret.TENANTS_EXPORT: Rule(P.MANAGE_TENANTS, fresh=False),
    Secret.TEMPLATES_EXPORT: Rule(P.VIEW_TEMPLATES, fresh=False),
    Secret.POCS_EXPORT: Rule(P.VIEW_ALL_POCS, fresh=False),
    Secret.CUSTOMERS_EXPORT: Rule(P.VIEW_USERS, fresh=False),
    Secret.CALENDAR_FEED: Rule(P.VIEW_USERS, fresh=True),
    Secret.CUSTOMER_LINK: Rule(P.INVITE_CUSTOMERS, fresh=False),
    Secret.SINGLE_SIGN_ON: Rule(P.MANAGE_SIGN_IN, fresh=True),
    Secret.SCREEN: Rule(P.MANAGE_SCREENS, fresh=True),
    Secret.EMAIL: Rule(P.EDIT_USERS, fresh=True),
    Secret.OWN_EMAIL: Rule(P.USE_OWN_ACCOUNT, fresh=True),
}

# The invitation of each role. Its link becomes an account, so that sending it again, or handing it
# over, takes the same as inviting.
INVITATIONS: dict[Role, Secret] = {
    Role.PLATFORM_ADMIN: Secret.PLATFORM_ADMIN_INVITATION,
    Role.TENANT_ADMIN: Secret.TENANT_ADMIN_INVITATION,
    Role.ADMINISTRATOR: Secret.INVITATION,
    Role.SALES_ENGINEER: Secret.INVITATION,
}

# The password link of each role's accounts. It takes over an existing account: for an admin's
# account it takes the same as making an admin, and for all accounts a fresh sign-in.
PASSWORD_LINKS: dict[Role, Secret] = {
    Role.PLATFORM_ADMIN: Secret.PLATFORM_ADMIN_PASSWORD_LINK,
    Role.TENANT_ADMIN: Secret.TENANT_ADMIN_PASSWORD_LINK,
    Role.ADMINISTRATOR: Secret.PASSWORD_LINK,
    Role.SALES_ENGINEER: Secret.PASSWORD_LINK,
}


def may(role: Role, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return permission in PERMISSIONS[role]


def may_invite(role: Role, invited: Role) -> bool:
    """Whether someone of this role may invite the other, and hand out that invitation."""
    return may(role, SECRETS[INVITATIONS[invited]].permission)


def invitable_roles(role: Role, *, above_tenants: bool) -> tuple[Role, ...]:
    """The roles that someone of this role may invite: into a tenant, or above the tenants."""
    offered = (
        (Role.PLATFORM_ADMIN,)
        if above_tenants
        else (Role.ADMINISTRATOR, Role.SALES_ENGINEER, Role.TENANT_ADMIN)
    )
    return tuple(invited for invited in offered if may_invite(role, invited))
