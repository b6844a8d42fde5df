"""Texts that people enter to do harm, and texts that break things without such an intention.

What runs a script would call `alert`; what loads something would load it from `evil.invalid`.
"""

import unicodedata
from dataclasses import dataclass

_BIDI = "\u202e"


@dataclass(frozen=True)
class Hostile:
    """A text, and what it attacks."""

    name: str
    text: str

    @property
    def kept(self) -> str:
        """The text as a name is kept: in NFC, its words one space apart."""
        return unicodedata.normalize("NFC", " ".join(self.text.split()))


def _all(**texts: str) -> tuple[Hostile, ...]:
    return tuple(Hostile(name.replace("_", "-"), text) for name, text in texts.items())


HOSTILE = _all(
    # HTML
    script="<script>alert(1)</script>",
    script_after_closing="</p></td></title></textarea><script>alert(1)</script>",
    script_of_a_site="<script src=//evil.invalid/x.js></script>",
    image_with_a_handler="<img src=x onerror=alert(1)>",
    image_of_a_site='<img src="//evil.invalid/x.png">',
    drawing="<svg/onload=alert(1)>",
    drawing_with_a_script="<svg><script>alert(1)</script></svg>",
    formula_of_mathematics="<math><mtext><style><img src onerror=alert(1)>",
    frame="<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    object_="<object data=//evil.invalid/x></object>",
    body="<body onload=alert(1)>",
    details="<details open ontoggle=alert(1)>x</details>",
    focus="<input autofocus onfocus=alert(1)>",
    form="<form action=//evil.invalid><input type=submit></form>",
    base="<base href=//evil.invalid/>",
    refresh="<meta http-equiv=refresh content='0;url=//evil.invalid'>",
    link="<a href=javascript:alert(1)>x</a>",
    comment="<!--<img src=--><img src=x onerror=alert(1)>//>",
    template="<template><script>alert(1)</script></template>",
    double_quote='" onmouseover="alert(1)" autofocus onfocus="alert(1)" x="',
    single_quote="' onfocus='alert(1)' autofocus='",
    backtick="` onerror=alert(1) `",
    entities="&lt;script&gt;alert(1)&lt;/script&gt;",
    entity_in_numbers="&#60;img src=x onerror=alert(1)&#62;",
    half_a_tag="<<script>alert(1)//<</script>",
    mutated="<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    # Scripts and templates
    vue="{{constructor.constructor('alert(1)')()}}",
    vue_of_a_component="{{$el.ownerDocument.defaultView.alert(1)}}",
    vue_handler='<div v-on:click="alert(1)" v-html="1">x</div>',
    jinja="{{7*7}}{% for x in [] %}{{ config }}",
    jinja_classes="{{''.__class__.__mro__[1].__subclasses__()}}",
    template_literal="${alert(1)}",
    format_string="%s%n{0.__class__}{email}",
    string_of_javascript="';alert(1);//",
    string_of_json='\\u003cscript\\u003ealert(1)","x":{"__proto__":1}',
    line_separator_of_javascript="a\u2028alert(1)\u2029",
    javascript_link="javascript:alert(1)",
    javascript_link_in_disguise="java\tscript:alert(1)",
    data_link="data:text/html,<script>alert(1)</script>",
    style="</style><style>*{display:none}",
    style_of_a_site="x;background:url(//evil.invalid/x)",
    prototype="__proto__",
    constructor="constructor",
    undefined="undefined",
    # Mails
    header="Ada\r\nBcc: everybody@evil.invalid",
    header_by_one_sign="Ada\nBcc: everybody@evil.invalid",
    header_by_the_other="Ada\rBcc: everybody@evil.invalid",
    end_of_a_mail="Ada\r\n.\r\nMAIL FROM:<x@evil.invalid>",
    encoded_word="=?utf-8?q?=0ABcc:_everybody=40evil.invalid?=",
    address_in_a_name='"Ada" <ada@evil.invalid>, Bob',
    markdown="[x](javascript:alert(1)) ![x](//evil.invalid/x)",
    # Unicode
    nul="Ada\0Lovelace",
    escape="\x1b[2J\x1b]0;x\x07Ada",
    backspace="Ada\x08\x08\x08Bob",
    right_to_left_override=f"Ada{_BIDI}nimdA",
    isolate_left_open="\u2067Ada",
    zero_width="A\u200bd\u200ca\ufeff",
    nothing_to_see="\u200b\u200d\u2060",
    other_letters="Аdа Lovеlаcе",  # noqa: RUF001 - Cyrillic, to look like Ada Lovelace
    full_width="＜script＞alert(1)＜/script＞",  # noqa: RUF001 - and NFKC would make it a tag
    marks_in_a_pile="Z" + "\u0351\u036b\u0343" * 40,
    half_a_pair="Ada\ud800",
    other_half="\udc00Ada",
    family="👩‍👩‍👧‍👦🏳️‍🌈",
    arabic="محمد عبد الله",
    turkish="İıŞş",
    language_tag="\U000e0041\U000e0064Ada",
    no_character="Ada\ufffe\uffff",
    private="\ue000\uf8ff",
    wide_spaces="\u3000Ada\u00a0\u2003Lovelace\u3000",
    # Databases, directories, shells, files
    sql="Robert'); DROP TABLE user_account;--",
    sql_or="' OR '1'='1",
    sql_pattern="%_\\%",
    search_syntax='"Ada" OR NEAR(* AND )',
    ldap="*)(uid=*))(|(uid=*",
    command="$(reboot)`reboot`;|reboot&",
    path="../../../../etc/passwd",
    path_of_windows="..\\..\\con",
    xml='<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    log_line='x" 200 0 ms INFO rollcall.access GET /',
    # Spreadsheets
    formula='=HYPERLINK("//evil.invalid","x")',
    formula_of_a_program="=cmd|' /C calc'!A0",
    formula_with_plus="+1+1",
    formula_with_minus="-1+1",
    formula_with_at="@SUM(1+1)",
    formula_after_a_tab="\t=1+1",
    formula_full_width="＝1+1",  # noqa: RUF001 - some spreadsheets take it for the sign
    more_columns='a","b",c;d\te',
    # Size
    as_long_as_it_may_be="W" * 200,
    too_long="x" * 10_000,
    one_long_word="<b>" + "ﷺ" * 190,
)

REFUSED = {
    "line-separator-of-javascript",
    "javascript-link-in-disguise",
    "header",
    "header-by-one-sign",
    "header-by-the-other",
    "end-of-a-mail",
    "nul",
    "escape",
    "backspace",
    "nothing-to-see",
    "half-a-pair",
    "other-half",
    "formula-after-a-tab",
    "more-columns",
    "too-long",
    "private",
    "right-to-left-override",
    "isolate-left-open",
    "zero-width",
    "language-tag",
    "marks-in-a-pile",
}
"""Those that are no name: control characters, half a character, what nobody sees or what turns the
direction of text, what covers the lines around it, nothing to see, or too much."""
NAMES = tuple(hostile for hostile in HOSTILE if hostile.name not in REFUSED)
"""Those that are a name as good as any, and have to be shown as they are."""
