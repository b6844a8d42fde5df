"""What a POC and a task may become: one table each; the menus of pages are made from them."""

from collections.abc import Mapping

from models import PocStatus, TaskStatus
from services.core.errors import ConflictError

DRAFT, ACTIVE, ON_HOLD = PocStatus.DRAFT, PocStatus.ACTIVE, PocStatus.ON_HOLD
COMPLETED, CANCELLED = PocStatus.COMPLETED, PocStatus.CANCELLED
NOT_STARTED, IN_PROGRESS = TaskStatus.NOT_STARTED, TaskStatus.IN_PROGRESS
BLOCKED, DONE = TaskStatus.BLOCKED, TaskStatus.DONE

# What each status may become, with the words of the menu.
POC_STEPS: Mapping[PocStatus, Mapping[PocStatus, str]] = {
    DRAFT: {ACTIVE: "Start", CANCELLED: "Cancel the POC"},
    ACTIVE: {ON_HOLD: "Put on hold", COMPLETED: "Complete", CANCELLED: "Cancel the POC"},
    ON_HOLD: {ACTIVE: "Resume", COMPLETED: "Complete", CANCELLED: "Cancel the POC"},
    COMPLETED: {ACTIVE: "Reopen"},
    CANCELLED: {ACTIVE: "Reopen"},
}
TASK_STEPS: Mapping[TaskStatus, frozenset[TaskStatus]] = {
    NOT_STARTED: frozenset({IN_PROGRESS, BLOCKED, DONE}),
    IN_PROGRESS: frozenset({NOT_STARTED, BLOCKED, DONE}),
    BLOCKED: frozenset({NOT_STARTED, IN_PROGRESS, DONE}),
    DONE: frozenset({NOT_STARTED, IN_PROGRESS}),
}


class StepError(ConflictError):
    """The wanted status can't follow the present one."""


def check_poc_step(now: PocStatus, then: PocStatus) -> None:
    """Raise `StepError` unless a POC may go from one status to the other."""
    if then in POC_STEPS[now]:
        return
    may = " or ".join(f"“{word}”" for word in POC_STEPS[now].values())
    raise StepError(
        f"A POC that is {words_of(now)} can't become {words_of(then)}. What can be done: {may}."
    )


def check_task_step(now: TaskStatus, then: TaskStatus) -> None:
    """Raise `StepError` unless a task may go from one status to the other."""
    if then in TASK_STEPS[now]:
        return
    if now is then:
        raise StepError(f"This task is {words_of(now)} already.")
    raise StepError(
        f"A task that is {words_of(now)} can't become {words_of(then)}. "
        "Set it to in progress first."
    )


def words_of(status: PocStatus | TaskStatus) -> str:
    """A status as a sentence says it: “it is …”."""
    return "a draft" if status is DRAFT else status.label.lower()
