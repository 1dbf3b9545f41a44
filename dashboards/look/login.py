"""Draw the pages before the console's session: the login, and why somebody is not let in."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from dashboards.look.theme import COLOURS, FONTS
from dashboards.look.words import LANGUAGES, say


def _read(name: str) -> Template:
    """Read a template beside this module."""
    return Template(Path(__file__).with_name(name).read_text(encoding="utf-8"))


STYLE = _read("entrance.css").substitute(COLOURS, fonts=FONTS)
LOGIN, REFUSED = _read("login.html"), _read("refused.html")


def login_page(language: str, wanted: str, message: str = "", seconds: float = 0,
               other_way: str = "") -> str:
    """Draw the page; `wanted` is the path to go on to, `message` the key of what went wrong.

    `other_way` is the path that leads to the provider where staff may sign in, "" for none.
    """
    other = "en" if language == "zh" else "zh"
    told = say(message, language).replace("{n}", str(int(seconds) + 1)) if message else ""
    words = {key: say(f"login.{key}", language) for key in ("name", "password", "sign_in", "other")}
    query = f"lang={language}&next={quote(wanted, safe='')}"
    elsewhere = (f'<a class="other" href="{escape(f"{other_way}?{query}")}">'
                 f'{say("login.oidc", language)}</a>' if other_way else "")
    return LOGIN.substitute(
        style=STYLE, language=language, **words, city=say("city", language),
        console=say("login.console", language), title=say("city", language), oidc=elsewhere,
        message=f'<p class="bad" role="alert">{escape(told)}</p>' if told else "",
        action=escape(f"/login?{query}"),
        switch=escape(f"/login?lang={other}&next={quote(wanted, safe='')}"))


def refusal_page(key: str) -> str:
    """Say in both languages why who signed in at the provider is not let in, and what to do."""
    words = {f"{name}_{language}": escape(say(word, language)) for language in LANGUAGES
             for name, word in (("city", "city"), ("told", f"refused.{key}"),
                                ("next", f"refused.{key}.next"), ("back", "refused.back"))}
    return REFUSED.substitute(words, style=STYLE, title=say("city", "zh"))
