"""A mail can be read in light and in dark mail programs: every text stands out from what is behind
it (WCAG 2.2, success criterion 1.4.3: 4.5 to 1)."""

import re
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest

from models import MailTemplate, Tenant
from services.access.actor import Actor
from services.core import clock
from services.mail.letters import looks_of, render, written_in
from services.mail.wordings import MAILS, SAID_IN_LAYOUT
from services.tenants import organisation
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests.deliveries import deliver_next
from tests.mail_server import MailServer
from tests.services.organisation_calls import organisation_form, picture

LEAST = 4.5
# The default colours of links (Chromium, Safari; in dark mode the second).
DEFAULT_LINK = {"light": "#0000ee", "dark": "#9e9eff"}
VALUES = {
    "first_name": "Ada",
    "tenant_name": "Acme",
    "sender_name": "Grace Hopper",
    "email": "ada@example.com",
    "sign_in_url": "https://rollcall.example.com/t/acme/login",
    "link_url": "https://rollcall.example.com/t/acme/invitation/token",
    "old_email": "ada@example.com",
    "new_email": "king@example.com",
    "by": "",
    "poc_title": "Single sign-on",
    "customer_url": "https://rollcall.example.com/t/acme/customer",
    "account_url": "https://rollcall.example.com/t/acme/account",
    **looks_of(None),
    **SAID_IN_LAYOUT,
    "person": "Alan Turing",
    "person_email": "alan@example.com",
    "person_role": "Sales Engineer",
    "ends": "27 November 2026",
    "review": "Autumn review",
    "people": "38",
    "kept": "31",
    "deactivated": "7",
    "left": "0",
    "page_url": "https://rollcall.example.com/t/acme/ends-soon",
}
VOID = {"meta", "br", "img", "link"}


def _declarations(css: str) -> dict[str, str]:
    pairs = (one.partition(":") for one in css.split(";") if ":" in one)
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs}


def _dark_rules(html: str) -> dict[str, dict[str, str]]:
    """The declarations of each selector (a tag, or a class) for dark mail programs, in order."""
    block = re.search(r"@media \(prefers-color-scheme: dark\) \{((?:[^{}]*\{[^{}]*\})*)", html)
    rules = re.findall(r"([\w.]+) \{([^}]*)\}", block[1]) if block else []
    return {selector: _declarations(css) for selector, css in rules}


class Looks(HTMLParser):
    """Each text of a mail, with its colour and what is behind it."""

    def __init__(self, html: str, scheme: str, rules: dict[str, dict[str, str]]) -> None:
        super().__init__(convert_charrefs=True)
        self.scheme, self.rules = scheme, rules
        self.stack: list[tuple[str, dict[str, str]]] = [("", {})]
        self.texts: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        given = dict(attrs)
        style = dict(self.stack[-1][1])
        if tag == "a":
            style["color"] = DEFAULT_LINK[self.scheme]
        style |= _declarations(given.get("style") or "")
        for name in (tag, *(f".{one}" for one in (given.get("class") or "").split())):
            style |= self.rules.get(name, {})
        self.stack.append((tag, style))

    def handle_endtag(self, tag: str) -> None:
        while self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, style = self.stack[-1]
        if data.strip() and tag not in {"title", "style"}:
            self.texts.append((data.strip(), style["color"], style["background"]))


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def html_of(template: MailTemplate, **changed: object) -> str:
    """A mail with the values of these tests, except these."""
    mail, values = MAILS.get(template), {**VALUES, **changed}
    if mail is None:
        return render(template, "body.html", values)
    said = {field.name: field.sample for field in mail.fields}
    return written_in(mail, template, mail.own, values, said)[1]


@pytest.mark.parametrize("template", [one for one in MailTemplate if one is not MailTemplate.TEST])
@pytest.mark.parametrize("program", ["light", "dark", "dark, but without our style sheet"])
def test_every_text_of_a_mail_stands_out(template: MailTemplate, program: str) -> None:
    html = html_of(template)
    rules = _dark_rules(html) if program == "dark" else {}
    looks = Looks(html, program.partition(",")[0], rules)
    assert len(looks.texts) >= 5
    weak = [
        (text, round(_contrast(colour, behind), 1))
        for text, colour, behind in looks.texts
        if _contrast(colour, behind) < LEAST
    ]
    assert weak == []


def test_a_dark_mail_program_gets_a_dark_mail() -> None:
    html = html_of(MailTemplate.INVITATION)
    backgrounds = {behind for _, _, behind in Looks(html, "dark", _dark_rules(html)).texts}
    assert min(_luminance(behind) for behind in backgrounds) < 0.03
    assert '<meta name="color-scheme" content="light dark">' in html


@pytest.mark.parametrize("colour", ["", "#000000", "#f5d90a", "#e5001a"])
def test_a_button_stands_out_in_a_dark_mail_program(colour: str) -> None:
    looks = looks_of(Tenant(name="Acme", slug="acme", brand_colour=colour, created_at=clock.now()))
    rules = _dark_rules(html_of(MailTemplate.INVITATION, **looks))
    button, card = (rules[name]["background"] for name in (".button", ".card"))
    assert _contrast(button, card) >= 3  # WCAG 2.2, success criterion 1.4.11


async def test_a_mail_has_the_logo_and_the_colour_of_its_organisation(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    await organisation.edit_organisation(admin, organisation_form(brand_colour="#12b3b3"))
    await organisation.set_logo(admin, picture())
    form = InvitationForm(
        first_name="Ada", last_name="King", email="ada@example.com", role="administrator"
    )
    await invitations.invite(admin, form)
    assert await deliver_next()
    message = message_from_bytes(mail_server.received[-1].raw, policy=policy.default)
    (logo,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    (html,) = [part for part in message.walk() if part.get_content_type() == "text/html"]
    assert f"cid:{logo['Content-ID'].strip('<>')}" in html.get_content()
    assert "background:#0a6262" in html.get_content()
    assert "#4a45c9" not in html.get_content()
