"""What the details of an entry say, in words."""

from collections.abc import Callable, Mapping
from typing import Any

from models import SecondFactorPolicy
from services.audit.actions import AuditAction, in_a_row
from services.audit.writing import Action


def summary(action: AuditAction | None, details: dict[str, Any]) -> str:
    """What an entry's details say."""
    if action in _SUMMARIES:
        return _SUMMARIES[action](details)
    return action.summary(details) if action else in_a_row(details)


def _change_summary(details: dict[str, Any]) -> str:
    return f"{details.get('before', '')} → {details.get('after', '')}"


def _task_summary(details: dict[str, Any]) -> str:
    reason = f": {details['reason']}" if details.get("reason") else ""
    return f"{details.get('task', '')}: {_change_summary(details)}{reason}"


def _assigned_summary(details: dict[str, Any]) -> str:
    came = f"to {details['to']}" if details.get("to") else ""
    left = f"no more to {details['no_more']}" if details.get("no_more") else ""
    return f"{details.get('task', '')}: {', '.join(filter(None, (came, left)))}"


def _restore_summary(details: dict[str, Any]) -> str:
    return f"{details.get('file', '')}, {details.get('sessions', 0)} sessions ended"


def _heads_summary(details: dict[str, Any]) -> str:
    count = len(details.get("heads", ()))
    return "of 1 chain" if count == 1 else f"of {count:,} chains"


def _bulk_summary(details: dict[str, Any]) -> str:
    people, changed = details.get("people", 0), details.get("changed", 0)
    parts = [f"{changed:,} of {people:,} selected"]
    if details.get("failed"):
        parts.append(f"{details['failed']:,} failed")
    if details.get("end_date"):
        parts.append(f"end date {details['end_date']}")
    parts += [str(details[name]) for name in ("why", "reason") if details.get(name)]
    return ", ".join(parts)


def _receipt_summary(details: dict[str, Any]) -> str:
    pages, answered = details.get("pages", 0), details.get("answered", 0)
    if not pages and not details.get("unheard"):
        return "no page was open"
    noun = "page" if pages == 1 else "pages"
    text = f"{pages} open {noun} closed"
    if details.get("slowest_ms") is not None:
        text += f", the last one after {round(details['slowest_ms'])} ms"
    if answered < pages:
        text += f" ({pages - answered} didn't answer and were disconnected)"
    if details.get("unheard"):
        text += ", not counting a replica that hasn't reported"
    return text


def _tried_summary(details: dict[str, Any]) -> str:
    return f"as {details['email']}" if details.get("email") else ""


def _policy_summary(details: dict[str, Any]) -> str:
    before, after = (_NEEDED_BY.get(str(details.get(name)), "") for name in ("before", "after"))
    return f"{before} → {after}"


def _reason_summary(details: dict[str, Any]) -> str:
    return str(details.get("reason") or "").replace("_", " ")


def _works_summary(details: dict[str, Any]) -> str:
    return "it works" if details.get("works") else "it doesn't work"


def _required_summary(details: dict[str, Any]) -> str:
    return "everybody signs in with it" if details.get("required") else "passwords work too"


def _departure_summary(details: dict[str, Any]) -> str:
    ended = [
        _counted(len(details.get("session_ids", ())), "session"),
        _counted(details.get("links", 0), "link"),
        _counted(len(details.get("passkeys", ())), "passkey"),
    ]
    said = ", ".join(filter(None, ended))
    reason = str(details.get("reason", ""))
    return ": ".join(filter(None, [reason, f"ended {said}" if said else ""]))


_HANDED_OVER = ("POC", "task", "group")


def _handover_summary(details: dict[str, Any]) -> str:
    return "; ".join(
        " and ".join(
            filter(None, (_counted(one.get(f"{noun.lower()}s", 0), noun) for noun in _HANDED_OVER))
        )
        + f" to {one['name']}"
        for one in details.get("to", ())
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}" if count else ""


_NEEDED_BY = {policy.value: policy.label for policy in SecondFactorPolicy}


def _end_summary(details: dict[str, Any]) -> str:
    said = (details.get(name) for name in ("end_date", "end_time", "time_zone"))
    return " ".join(str(value) for value in said if value) or "none"


_SUMMARIES: Mapping[AuditAction | None, Callable[[dict[str, Any]], str]] = {
    Action.PAGES_CLOSED: _receipt_summary,
    Action.BULK_DEACTIVATED: _bulk_summary,
    Action.BULK_ACTIVATED: _bulk_summary,
    Action.BULK_RESENT: _bulk_summary,
    Action.BULK_LINKS_COPIED: _bulk_summary,
    Action.BULK_END_DATE_SET: _bulk_summary,
    Action.USER_DEACTIVATED: _departure_summary,
    Action.WORK_HANDED_OVER: _handover_summary,
    Action.WORK_TAKEN_BACK: _handover_summary,
    Action.ROLE_CORRECTED: _change_summary,
    Action.USER_RENAMED: lambda details: f"was {details.get('before', '')}",
    Action.TENANT_RENAMED: _change_summary,
    Action.MAIL_TEXT_CHANGED: lambda details: f"{details.get('mail')}: {details.get('heading')}",
    Action.EMAIL_CHANGED: _change_summary,
    Action.EMAIL_CHANGE_TAKEN_BACK: _change_summary,
    Action.SECOND_FACTOR_POLICY_SET: _policy_summary,
    Action.SIGN_IN_FAILED: _tried_summary,
    Action.RESET_REQUESTED: _tried_summary,
    Action.SSO_REFUSED: _reason_summary,
    Action.SSO_TESTED: _works_summary,
    Action.SSO_REQUIRED_SET: _required_summary,
    Action.END_DATE_SET: _end_summary,
    Action.RESTORED: _restore_summary,
    Action.AUDIT_HEADS_NOTED: _heads_summary,
    Action.POC_STATUS_CHANGED: _change_summary,
    Action.POC_HANDED_OVER: _change_summary,
    Action.TASK_STATUS_CHANGED: _task_summary,
    Action.CRITERION_RESULT_SET: _task_summary,
    Action.TASK_ASSIGNED: _assigned_summary,
}
