"""Emails: one check and one normal form, wherever one is taken or compared."""

import unicodedata
from functools import lru_cache

import email_validator
from email_validator import EmailNotValidError, validate_email

from services.core.names import has_stray_marks, hides_something, plain

# A self-hosted company may well live under .local, and a demo under .test; the library's own
# documentation names removing entries as the way to allow them.
for _domain in ("local", "test"):
    if _domain in email_validator.SPECIAL_USE_DOMAIN_NAMES:
        email_validator.SPECIAL_USE_DOMAIN_NAMES.remove(_domain)

# RFC 5321, section 4.5.3.1.3: octets of a path, less its brackets.
LONGEST = 254


def check_email(written: str) -> str:
    """Return the email as it will be shown and written to; raises `ValueError` with a sentence.

    The length limit is RFC 5321's 254 octets, which the validator holds.
    """
    try:
        valid = validate_email(_compatible(written), check_deliverability=False)
    except EmailNotValidError:
        raise ValueError(_what_is_wrong(_compatible(written))) from None
    if hides_something(valid.normalized):  # an email tells people of one name apart
        raise ValueError("An email can't contain invisible characters. Type it letter by letter.")
    if has_stray_marks(valid.normalized):
        raise ValueError("An email can't have accents without a letter, or heaps of them on one.")
    return valid.normalized


def tried(written: str) -> str | None:
    """The email with which somebody tried to sign in, for the log; none if it isn't an email:
    people type their password into the wrong field."""
    try:
        return check_email(written)
    except ValueError:
        return None


def _what_is_wrong(email: str) -> str:
    """What to say of what isn't an email, where the validator says so."""
    local, _, domain = email.rpartition("@")
    if not local or not domain:
        return "An email has a name, an @ and a domain: ada@example.com."
    if "@" in local or any(sign in email for sign in ' ,;<>"'):
        return "Enter one email alone, such as ada@example.com."
    if len(email.encode("utf-8", "replace")) > LONGEST:
        return f"An email can have {LONGEST} characters at most."
    if "." not in domain.strip("."):
        return f"“{domain}” isn't a whole domain, such as example.com."
    return "No mail can be sent to this email. Check it letter by letter."


def email_key(email: str) -> str:
    """The form in which two emails are compared: NFKC, the domain in IDNA, case folded.

    The validator by itself treats full-width letters and ligatures as different. A plus tag stays
    part of the email: only the mail server knows what it means.
    """
    local, _, domain = plain(_compatible(email)).rpartition("@")
    return f"{_compatible(local).casefold()}@{in_ascii(domain).casefold()}"


def checked_domains(written: str) -> list[str]:
    """Email domains, as `email_key` compares them, from a list by commas or spaces.

    Raises `ValueError` with a sentence.
    """
    domains = []
    for word in written.replace(",", " ").replace(";", " ").split():
        domain = domain_of(f"x@{word.removeprefix('@')}")
        if "." not in domain or "@" in word.removeprefix("@"):
            raise ValueError(f"{word} isn't an email domain, such as example.com.")
        domains.append(domain)
    return sorted(set(domains))


def domain_of(email: str) -> str:
    """The domain of an email, as two are compared."""
    return email_key(email).rpartition("@")[2]


def are_the_same(one: str, other: str) -> bool:
    """Whether two emails with one `email_key` certainly belong to one person.

    The domain is compared as the network does it, in IDNA. Before the @, letters that only look
    alike may belong to another person.
    """
    first, second = one.strip().rpartition("@"), other.strip().rpartition("@")
    return in_ascii(first[2]) == in_ascii(second[2]) and _local(first[0]) == _local(second[0])


def _local(part: str) -> str:
    return part.lower() if part.isascii() else unicodedata.normalize("NFC", part)


def on_the_wire(email: str) -> str:
    """The email as any mail server takes it: an internationalised domain in IDNA. (Other
    letters before the @ need a server with the SMTPUTF8 extension, RFC 6531.)"""
    local, _, domain = email.rpartition("@")
    return f"{local}@{in_ascii(domain)}"


@lru_cache(maxsize=1000)
def in_ascii(domain: str) -> str:
    """The domain in IDNA; what isn't a domain (an IP, for example) stays as it is, in lower
    case."""
    try:
        return validate_email(f"x@{domain}", check_deliverability=False).ascii_domain
    except EmailNotValidError:
        return domain.lower()


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip())
