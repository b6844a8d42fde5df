"""What may become what: every pair is allowed, or refused with a sentence."""

from itertools import product

import pytest

from models import PocStatus, TaskStatus
from services.workspace.states import (
    POC_STEPS,
    TASK_STEPS,
    StepError,
    check_poc_step,
    check_task_step,
)

# The whole table a second time, so that nobody changes it by accident. A row's status becomes a
# column's.
POCS = """
           draft active on_hold completed cancelled
draft      no    yes    no      no        yes
active     no    no     yes     yes       yes
on_hold    no    yes    no      yes       yes
completed  no    yes    no      no        no
cancelled  no    yes    no      no        no
"""
TASKS = """
            not_started in_progress blocked done
not_started no          yes         yes     yes
in_progress yes         no          yes     yes
blocked     yes         yes         no      yes
done        yes         yes         no      no
"""


def _allowed(table: str) -> dict[tuple[str, str], bool]:
    head, *rows = [line.split() for line in table.strip().splitlines()]
    return {
        (row[0], column): cell == "yes"
        for row in rows
        for column, cell in zip(head, row[1:], strict=True)
    }


@pytest.mark.parametrize(("now", "then"), list(product(PocStatus, PocStatus)))
def test_a_poc_goes_where_the_table_lets_it(now: PocStatus, then: PocStatus) -> None:
    if _allowed(POCS)[now, then]:
        check_poc_step(now, then)
        assert POC_STEPS[now][then], "a word for the menu"
        return
    with pytest.raises(StepError) as refused:
        check_poc_step(now, then)
    assert str(refused.value).endswith(".")
    assert all(word in str(refused.value) for word in POC_STEPS[now].values())


@pytest.mark.parametrize(("now", "then"), list(product(TaskStatus, TaskStatus)))
def test_a_task_goes_where_the_table_lets_it(now: TaskStatus, then: TaskStatus) -> None:
    if _allowed(TASKS)[now, then]:
        check_task_step(now, then)
        return
    with pytest.raises(StepError) as refused:
        check_task_step(now, then)
    assert str(refused.value).endswith(".")


def test_every_status_has_its_steps() -> None:
    assert set(POC_STEPS) == set(PocStatus)
    assert set(TASK_STEPS) == set(TaskStatus)
