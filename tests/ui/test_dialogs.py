"""Who a dialog is about: what only the sources can tell."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

# Dialogs that open without `about`, because no answer to them can be taken for one about another
# person, POC, screen or organisation.
NOBODY_YET = {
    "dialogs/invite.py": {"self.dialog"},
    "pages/bulk.py": {"self.choosing", "self.giving"},
    "pages/bulk_offers.py": {"self.asking[act.kind]"},
    "pages/reviews/reviews.py": {"self.form"},
    "pages/settings/screens.py": {"self.pairing"},
    "pages/tenants/tenants.py": {"self.create"},
    "pages/users/users.py": {"self.invitation", "self.several"},
    "pages/workspace/pocs.py": {"self.new"},
}
ONESELF = {
    "dialogs/confirm.py": {"self.dialog"},
    "pages/account/account.py": {"self.password", "self.signing_out"},
    "pages/account/profile_card.py": {"self.cancel", "self.edit", "self.email"},
    "pages/account/second_factor_card.py": {"self.enter", "self.naming", "self.removal"},
    "pages/users/ends_soon.py": {"self.revoking", "self.telling", "self.wanting"},
}
OWN_ORGANISATION = {
    "pages/settings/second_factor_rule_card.py": {"self.dialog"},
    "pages/settings/sso_card.py": {"self.change", "self.connect", "self.remove", "self.require"},
}
# Their page is about one alone, and what is in it has versions of its own.
IN_THE_ONE_OF_THE_PAGE = {
    "pages/reviews/review.py": {"self.closing"},
    "pages/workspace/archived_files.py": {"self.dialog"},
    "pages/workspace/poc.py": {
        "self.archive",
        "self.archived",
        "self.edit",
        "self.endings[status]",
        "self.files",
        "self.owner",
    },
    "pages/workspace/poc_archived.py": {"self.dialog"},
    "pages/workspace/poc_comments.py": {"self.edit", "self.removal"},
    "pages/workspace/poc_criteria.py": {"self.edit", "self.new", "self.result"},
    "pages/workspace/poc_customers.py": {"self.invite"},
    "pages/workspace/poc_people.py": {"self.add"},
    "pages/workspace/poc_tasks.py": {
        "self.assignees",
        "self.blocked",
        "self.edit_group",
        "self.edit_task",
        "self.group_assignees",
        "self.new_group",
        "self.new_task",
    },
    "pages/workspace/resource_list.py": {
        "self.edit if row.file is None else self.edit_file",
        "self.new",
    },
    "pages/workspace/template.py": {"self.add", "self.edit", "self.edit_task", "self.take_in"},
    "pages/workspace/template_resources.py": {"archived"},
    "pages/workspace/templates.py": {"group", "self.edit", "task"},
}
# They are about somebody, but open for one alone: the page's.
ABOUT_THE_ONE_OF_THE_PAGE = {
    "dialogs/contractor.py": {"self.dialog"},
    "pages/users/contact.py": {"self.dialog"},
    "pages/users/leaving.py": {"self.undoing"},
    "pages/users/user.py": {"self.rename", "self.second_factor"},
}
NO_DIALOG = {"door.py": {"self", "self._door"}, "forms/dialog.py": {"self"}}


def test_a_dialog_is_opened_about_somebody_unless_nobody_can_be_mistaken() -> None:
    known = (NOBODY_YET, ONESELF, OWN_ORGANISATION, IN_THE_ONE_OF_THE_PAGE, NO_DIALOG)
    found = {
        path.relative_to(ROOT / "ui").as_posix(): _opened_about_nobody(path)
        for path in (ROOT / "ui").rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names} == {
        path: names for places in known for path, names in places.items()
    }


def _opened_about_nobody(path: Path) -> set[str]:
    """What a module opens, or hands on the opening of, without saying whom it is about."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    told = {
        node.func
        for node in nodes
        if isinstance(node, ast.Call) and any(word.arg == "about" for word in node.keywords)
    }
    opened = {node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "open"}
    return {ast.unparse(node.value) for node in opened - told}


def test_a_dialog_about_one_of_several_is_bound_to_them_when_it_is_opened() -> None:
    found = {
        path.relative_to(ROOT / "ui").as_posix(): _opened_for_what_a_page_remembers(path)
        for path in (ROOT / "ui").rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names} == ABOUT_THE_ONE_OF_THE_PAGE


def _opened_for_what_a_page_remembers(path: Path) -> set[str]:
    """What a module opens about somebody without a `Subject`: given as it is, or by its name."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and _is_subject(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {
        ast.unparse(node.func.value)
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "open"
        and any(word.arg == "about" for word in node.keywords)
        and not any(
            _is_subject(given) or (isinstance(given, ast.Name) and given.id in named)
            for given in node.args
        )
    }


def _is_subject(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Subject"
