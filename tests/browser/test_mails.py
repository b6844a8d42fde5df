"""Mails on a phone."""

from models import MailTemplate
from tests.browser.browsers import Browsers
from tests.services.mail.test_looks import VALUES, html_of

LONG = "https://rollcall.department.a-long-name.example.com/t/the-organisation/login"
LONG_VALUES = {name: LONG for name in VALUES if name.endswith("_url")} | {
    "tenant_name": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau",
    "email": "somebody.with-a-long-name-before-the-sign@department.example.com",
}


async def test_no_mail_is_wider_than_a_phone(browsers: Browsers) -> None:
    context = await browsers.new(viewport={"width": 360, "height": 700})
    page = await context.new_page()
    wide = []
    for template in set(MailTemplate) - {MailTemplate.TEST}:
        await page.set_content(html_of(template, **LONG_VALUES))
        if await page.evaluate("document.documentElement.scrollWidth") > 360:
            wide.append(template)
    assert wide == []
