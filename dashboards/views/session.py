"""Know who looks at the console, and let each role see its pages only."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboards.views import address
from dashboards.views.table import area_name
from dashboards.views.words import say
from streams.staff import COOKIE, Staff, account_of, find_session


def read_token() -> str:
    """Read the token of the browser's session."""
    return st.context.cookies.get(COOKIE, "")


def current(language: str) -> Staff:
    """Give who looks; where the session is over, say so and draw nothing more."""
    staff = find_session(read_token())
    if staff is None:
        st.warning(say("session.over", language), icon=":material/lock:")
        st.link_button(say("session.again", language), f"/login?lang={language}")
        st.stop()
    return staff


def store_account(language: str) -> str:
    """Name the account as which the store is read for who looks: by role and area."""
    return account_of(current(language))


def draw(staff: Staff, language: str) -> None:
    """Tell at the top of the page who is signed in, and for which area; offer to sign out."""
    area = area_name(staff.area, language) if staff.area else say("session.city", language)
    who = f"{staff.shown or staff.name} · {say(f'role.{staff.role}', language)} · {area}"
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center",
                      key="session"):
        # text only: a name comes from elsewhere, and could be written as a link or a picture
        st.text(who, width="content")
        st.button(say("language", language), icon=":material/translate:", type="tertiary",
                  on_click=lambda: address.switch_language(language))
        # a link of our own, since one of Streamlit's opens another tab
        st.html(f'<a href="/logout" target="_self">{escape(say("session.out", language))}</a>',
                width="content")


def deny() -> None:
    """Draw a page that is not for the reader's role."""
    st.warning(say("session.denied", address.language()), icon=":material/lock:")
