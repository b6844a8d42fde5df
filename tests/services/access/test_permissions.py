"""Who may do what: the whole table, role by role and action by action."""

import pytest

from models import Role
from services.access.permissions import (
    CANNOT,
    CUSTOMER_PERMISSIONS,
    DESCRIPTIONS,
    PERMISSIONS,
    SCREEN_PERMISSIONS,
    Permission,
    invitable_roles,
    may,
)

# The whole table a second time, so that nobody changes it by accident.
# Columns: Platform Admin, Tenant Admin, Administrator, Sales Engineer.
EXPECTED: dict[str, str] = {
    "Manage their own name, contact, password, second factor and sessions": "yes yes yes yes",
    "See what each role may do": "yes yes yes yes",
    "Find active users by name, to choose them for work": "yes yes yes yes",
    "View all users": "yes yes no no",
    "Invite Administrators and Sales Engineers": "yes yes no no",
    "Activate and deactivate users": "yes yes no no",
    "Edit users' names, emails and end dates": "yes yes no no",
    "Sign users out everywhere": "yes yes no no",
    "Reset users' second factors": "yes yes no no",
    "Make links with which users choose a new password": "yes yes no no",
    "Read and export the audit log": "yes yes no no",
    "Set how the organisation's users sign in": "yes yes no no",
    "Set the organisation's name, looks, rules and mails": "yes yes no no",
    "Pair, set up and revoke shared screens": "yes yes no no",
    "Create task and task group templates": "no no yes no",
    "Add resources to templates": "no no yes no",
    "View templates, and what a POC would get from them": "yes yes yes yes",
    "View all POCs": "yes yes yes yes",
    "Hand any POC over to another owner": "yes yes no no",
    "Create and manage POCs": "no no no yes",
    "Invite customers": "no no no yes",
    "Manage tasks and progress": "no no no yes",
    "Add comments and resources": "no no no yes",
    "Create, rename, close and reopen organisations": "yes no no no",
    "Invite Tenant Admins": "yes no no no",
    "Invite, activate and deactivate Platform Admins": "yes no no no",
    "See how the system is doing, and have it checked": "yes no no no",
    "See what is shared of the POC that they were invited to": "no no no no",
    "Comment on it, for both sides to read": "no no no no",
    "Mark the tasks of their side done, and accept what is finished": "no no no no",
    "Set up passkeys of their own, to come in with": "no no no no",
    "Show what the screen was set up for": "no no no no",
}
COLUMNS = (Role.PLATFORM_ADMIN, Role.TENANT_ADMIN, Role.ADMINISTRATOR, Role.SALES_ENGINEER)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_role_may_do_what_the_table_says(role: Role, permission: Permission) -> None:
    cell = EXPECTED[permission.value].split()[COLUMNS.index(role)]
    assert may(role, permission) is (cell == "yes")


def test_table_leaves_out_no_permission() -> None:
    assert set(EXPECTED) == {permission.value for permission in Permission}


def test_outsiders_may_do_nothing_that_a_role_may() -> None:
    of_roles = frozenset().union(*PERMISSIONS.values())
    assert of_roles.isdisjoint(CUSTOMER_PERMISSIONS | SCREEN_PERMISSIONS)
    assert CUSTOMER_PERMISSIONS.isdisjoint(SCREEN_PERMISSIONS)
    assert of_roles | CUSTOMER_PERMISSIONS | SCREEN_PERMISSIONS == set(Permission)


def test_every_role_is_described() -> None:
    assert set(PERMISSIONS) == set(CANNOT) == set(DESCRIPTIONS) == set(Role)


@pytest.mark.parametrize(
    ("role", "above_tenants", "offered"),
    [
        (Role.PLATFORM_ADMIN, True, (Role.PLATFORM_ADMIN,)),
        (
            Role.PLATFORM_ADMIN,
            False,
            (Role.ADMINISTRATOR, Role.SALES_ENGINEER, Role.TENANT_ADMIN),
        ),
        (Role.TENANT_ADMIN, False, (Role.ADMINISTRATOR, Role.SALES_ENGINEER)),
        (Role.TENANT_ADMIN, True, ()),
        (Role.ADMINISTRATOR, False, ()),
        (Role.SALES_ENGINEER, False, ()),
    ],
)
def test_role_is_offered_the_roles_that_it_may_invite(
    role: Role, above_tenants: bool, offered: tuple[Role, ...]
) -> None:
    assert invitable_roles(role, above_tenants=above_tenants) == offered


def test_roles_have_their_names_on_the_screen() -> None:
    assert [role.label for role in COLUMNS] == [
        "Platform Admin",
        "Tenant Admin",
        "Administrator",
        "Sales Engineer",
    ]
