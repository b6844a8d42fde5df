"""Who is meant where people are shown in lists: what only the sources can tell."""

import re
from pathlib import Path

UI = Path(__file__).parent.parent.parent / "ui"

# Lists of people, with their faces, in which nobody is let in or shut out: who wrote something, who
# has a task, who runs or works on a POC.
NOBODY_IS_SHUT_OUT = {
    "components/customer_poc.js",
    "components/poc_head.js",
    "components/pocs_table.js",
    "components/task_views.js",
    "components/work_rows.js",
    "pages/users/contact.py",
    "pages/users/leaving_receipt.py",
    "pages/users/welcome.py",
    "pages/workspace/home.py",
    "pages/workspace/home_changes.py",
    "pages/workspace/home_figures.py",
}
# Lists that show the emails in their own way, such as a column of their own.
EMAILS_OF_THEIR_OWN = {
    "components/customers_table.js",
    "components/poc_comments.js",
    "components/users_table.js",
    "pages/reviews/review.py",
    "pages/workspace/customer_table.py",
}
# They draw for others, or show the emails by themselves.
FACES = {
    "components/person_avatar.js",
    "components/person_avatar.py",
    "forms/people_field.js",
    "tables/cells.js",
}
FACE = re.compile(r"import \{[^}]*\bavatar\b[^}]*\} from|\bPersonAvatar\(")
WHOSE = re.compile(r"\bwhose\(")
MARK = re.compile(r"\b(whose|mixedChip|mixed_chip)\(")


def test_people_of_one_look_are_told_apart_in_lists_unless_nobody_is_shut_out_there() -> None:
    """`whose` shows the email and the mark of a name that mixes letters. Where a list shows the
    email in its own way, this sees only that the mark is there."""
    sources = {
        path.relative_to(UI).as_posix(): path.read_text(encoding="utf-8")
        for path in UI.rglob("*")
        if path.suffix in {".js", ".py"}
    }
    of_faces = {name for name, text in sources.items() if FACE.search(text)}
    by_themselves = {name for name in of_faces if not WHOSE.search(sources[name])}
    assert by_themselves == NOBODY_IS_SHUT_OUT | FACES | EMAILS_OF_THEIR_OWN
    unmarked = {name for name in of_faces if not MARK.search(sources[name])}
    assert unmarked == NOBODY_IS_SHUT_OUT | FACES
