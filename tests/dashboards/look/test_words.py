"""Test that everything people read exists in both languages, and that nothing is said in vain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dashboards
from dashboards.look import words
from schemas import registry

ROOT = Path(dashboards.__file__).parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OTHER_LANGUAGE = {"login.other", "city.other"}


@pytest.mark.parametrize("key", sorted(set(words.WORDS) - OTHER_LANGUAGE))
def test_each_word_is_in_its_language(key: str) -> None:
    chinese = re.sub(r"\{\w+\}", "", words.say(key, "zh"))
    assert CHINESE.search(chinese)
    assert not CHINESE.search(words.say(key, "en"))


@pytest.mark.parametrize("key", sorted(words.WORDS))
def test_both_languages_fill_in_the_same(key: str) -> None:
    places = [sorted(re.findall(r"\{\w+\}", words.say(key, one))) for one in words.LANGUAGES]
    assert places[0] == places[1]


def test_the_browser_asks_for_known_words_only() -> None:
    asked: set[str] = set()
    for path in (ROOT / "map" / "browser").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"words\['([^']+)'\]", text))
        asked |= set(re.findall(r"'((?:state|stale|map)\.[a-z-]+)'", text))
    assert asked
    assert asked <= set(words.WORDS)


def test_the_browser_says_nothing_by_itself() -> None:
    for path in (ROOT / "map" / "browser").glob("*.js"):
        assert not CHINESE.search(path.read_text(encoding="utf-8")), path.name


def test_titles_come_from_declarations() -> None:
    assert words.title("hotline-call", "zh") == registry.get_family("hotline-call").meaning.zh
    assert words.title("hotline_call", "en") == "Hotline call"
    assert words.field_title("city-pulse", "mean_speed", "zh") == "平均速度"
    assert words.value_title("grid-case", "step", "closed", "zh") == "结案"
    assert words.value_title("grid-case", "step", "unheard-of", "zh") == "unheard-of"


def test_each_declared_unit_is_spelled_in_chinese_or_is_a_symbol() -> None:
    fields = [one.fields for one in registry.families().values()]
    fields += [one.fields for one in registry.results().values()]
    units = {field.unit for some in fields for field in some if field.unit}
    symbols = {"km/h", "%", "µg/m³", "m/s", "°C", "m", "hPa", "dB(A)", "mm"}
    assert {one for one in units if words.unit(one, "zh") == one} <= symbols | {"deg"}


def test_an_unknown_language_is_chinese() -> None:
    assert [words.to_language(one) for one in (None, "fr", "en", "zh")] == ["zh", "zh", "en", "zh"]
