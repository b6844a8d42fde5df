"""Emails: one check, and one form to compare."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.core.emails import are_the_same, check_email, email_key, on_the_wire
from services.core.names import clean_name

ANYTHING = st.text(alphabet=st.characters(codec=None))
DOMAINS = st.sampled_from(
    ["example.com", "BÜCHER.example", "xn--bcher-kva.example", "例子.test", "straße.example"]
)
LOCALS = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=0x1FFFF, exclude_categories=["Cs"]),
    min_size=1,
    max_size=30,
)
EMAILS = st.builds("{}@{}".format, LOCALS, DOMAINS) | st.emails()


def checked(written: str) -> str:
    """The email, if it is valid."""
    try:
        return check_email(written)
    except ValueError:
        assume(False)
        raise


@given(ANYTHING | EMAILS)
def test_anything_typed_is_an_email_or_gets_a_sentence(written: str) -> None:
    answer: object
    try:
        answer = check_email(written)
    except ValueError as error:
        answer = error
    assert type(answer) in {str, ValueError}  # no kind of ValueError that means a bug
    assert str(answer)


@given(EMAILS)
def test_email_as_it_is_shown_is_an_email_still(written: str) -> None:
    shown = checked(written)
    assert check_email(shown) == shown


@given(EMAILS)
def test_what_stands_before_the_at_is_a_name(written: str) -> None:
    local = checked(written).rpartition("@")[0]
    assert clean_name(local, "Name") == local


@given(EMAILS)
def test_email_as_typed_and_as_shown_are_one(written: str) -> None:
    assert email_key(checked(written)) == email_key(written)


@given(ANYTHING | EMAILS)
def test_key_of_a_key_is_the_key(written: str) -> None:
    assert email_key(email_key(written)) == email_key(written)


@given(EMAILS)
def test_key_of_an_email_can_be_stored(written: str) -> None:
    assert len(email_key(checked(written))) <= 254


@given(EMAILS)
def test_case_makes_no_difference(written: str) -> None:
    shown = checked(written)
    local, _, domain = shown.rpartition("@")
    assert email_key(f"{local.casefold()}@{domain}") == email_key(shown)


def test_sharp_s_makes_another_domain_and_no_other_person() -> None:
    # IDNA 2008 tells them apart (RFC 5894, section 4.2.2); people who read a local part don't.
    assert email_key("ada@straße.example") != email_key("ada@strasse.example")
    assert email_key("straße@example.com") == email_key("STRASSE@example.com")


@given(EMAILS)
def test_domain_goes_out_in_ascii(written: str) -> None:
    shown = checked(written)
    sent = on_the_wire(shown)
    assert sent.rpartition("@")[2].isascii()
    assert sent.rpartition("@")[0] == shown.rpartition("@")[0]
    assert email_key(sent) == email_key(shown)


def test_plus_tag_stays_part_of_the_email() -> None:
    assert email_key("ada+a@example.com") != email_key("ada+b@example.com")
    assert email_key("ada+a@example.com") != email_key("ada@example.com")


def test_dots_are_the_mail_servers_business() -> None:
    assert email_key("a.da@example.com") != email_key("ada@example.com")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "a@b@example.com",
        "ada@example",
        "ada@exam ple.com",
        "ada@example..com",
        ".ada@example.com",
        "ada@-example.com",
        '"ada lovelace"@example.com',
        "ada@[192.0.2.1]",
        "Ada <ada@example.com>",
        "ada@example.com,eve@example.com",
        "ada@example.com\nBcc: eve@example.com",
        "ada@exam\0ple.com",
        "\ud800@example.com",
        "ada@example.invalid",
        "ada\ufe0f@example.com",  # with what nobody sees
        "ada\u3164@example.com",
        "a\u034fda@example.com",
        "a" * 255 + "@example.com",
        "a" + "\u0323" * 20 + "@example.com",
        "a.\u0301da@example.com",
    ],
)
def test_what_is_no_email_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        check_email(written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "An email has a name, an @ and a domain: ada@example.com."),
        ("ada", "An email has a name, an @ and a domain: ada@example.com."),
        ("Ada <ada@example.com>", "Enter one email alone, such as ada@example.com."),
        ("ada@example.com,eve@example.com", "Enter one email alone, such as ada@example.com."),
        ("a" * 255 + "@example.com", "An email can have 254 characters at most."),
        ("ada@example", "“example” isn't a whole domain, such as example.com."),
        ("ada@example..com", "No mail can be sent to this email. Check it letter by letter."),
        ("ada@example.invalid", "No mail can be sent to this email. Check it letter by letter."),
        (
            "q" + "\u0323" * 20 + "@example.com",
            "An email can't have accents without a letter, or heaps of them on one.",
        ),
    ],
)
def test_what_is_no_email_is_told_in_our_own_words(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        check_email(written)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ADA@example.com", "ada@EXAMPLE.com"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("ada@BÜCHER.example", "ada@bücher.example"),
        ("Ada@XN--BCHER-KVA.example", "ada@bücher.example"),
        ("ade\u0301@example.com", "adé@example.com"),
    ],
)
def test_two_spellings_of_one_email_are_the_same(one: str, other: str) -> None:
    assert are_the_same(one, other)
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\uff41da@example.com", "ada@example.com"),
        ("straße@example.com", "strasse@example.com"),
        ("ada@straße.example", "ada@strasse.example"),
        ("аda@example.com", "ada@example.com"),  # noqa: RUF001 - a Cyrillic a
    ],
)
def test_letters_that_only_look_alike_make_another_email(one: str, other: str) -> None:
    assert not are_the_same(one, other)


@pytest.mark.parametrize("domain", ["corp.local", "mail.test", "example.com", "a.co.uk"])
def test_domain_inside_a_company_is_taken(domain: str) -> None:
    assert check_email(f"ada@{domain}") == f"ada@{domain}"
