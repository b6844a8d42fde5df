"""The acts on many templates at once."""

from functools import partial

from models import BulkKind, GroupTemplate, TaskTemplate
from services.access.permissions import Permission, Secret
from services.workspace import templates
from services.workspace.actions import TemplateAction
from services.workspace.archiving import archive_and_restore
from services.workspace.template_rows import GROUP_TEMPLATES, TASK_TEMPLATES

_both = partial(
    archive_and_restore,
    permission=Permission.CREATE_TEMPLATES,
    looks=Permission.CREATE_TEMPLATES,
    file=Secret.TEMPLATES_EXPORT,
)

GROUP_ACTS = _both(
    GroupTemplate,
    rows=GROUP_TEMPLATES,
    noun="group template",
    acts=(
        (BulkKind.ARCHIVE_GROUP_TEMPLATES, TemplateAction.GROUPS_ARCHIVED),
        (BulkKind.RESTORE_GROUP_TEMPLATES, TemplateAction.GROUPS_RESTORED),
    ),
    out="No new POC can start from them. POCs keep their copies.",
    back="New POCs can start from them again.",
    archive=templates.archive_group,
)
TASK_ACTS = _both(
    TaskTemplate,
    rows=TASK_TEMPLATES,
    noun="task template",
    acts=(
        (BulkKind.ARCHIVE_TASK_TEMPLATES, TemplateAction.TASKS_ARCHIVED),
        (BulkKind.RESTORE_TASK_TEMPLATES, TemplateAction.TASKS_RESTORED),
    ),
    out="They leave the groups that they are in. POCs keep their copies.",
    back="They are back in the groups that they were in.",
    archive=templates.archive_task,
)
