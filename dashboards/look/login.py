"""Draw the login page of the console, in Chinese and English."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from dashboards.look.theme import COLOURS, FONTS
from dashboards.look.words import say

TEMPLATE = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))


def login_page(language: str, wanted: str, message: str = "", seconds: float = 0) -> str:
    """Draw the page; `wanted` is the path to go on to, `message` the key of what went wrong."""
    other = "en" if language == "zh" else "zh"
    told = say(message, language).replace("{n}", str(int(seconds) + 1)) if message else ""
    words = {key: say(f"login.{key}", language) for key in ("name", "password", "sign_in", "other")}
    return TEMPLATE.substitute(
        COLOURS, fonts=FONTS, language=language, **words, city=say("city", language),
        console=say("login.console", language), title=say("city", language), oidc="",
        message=f'<p class="bad" role="alert">{escape(told)}</p>' if told else "",
        action=escape(f"/login?lang={language}&next={quote(wanted, safe='')}"),
        switch=escape(f"/login?lang={other}&next={quote(wanted, safe='')}"))
