"""The mark of a task's status."""

from models import TaskStatus
from ui.components.component import Component


class TaskMark(Component, script="task_mark.js", imports=["icons.js", "task_marks.js"]):
    """The status of a task as a mark, and in words for those who point at it or listen."""

    def __init__(self, status: TaskStatus) -> None:
        super().__init__()
        self._props["status"] = status.value
        self._props["label"] = status.label
