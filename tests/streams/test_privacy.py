"""Test that personal data leaves free text, and that pseudonyms hold for a day and no longer."""

from __future__ import annotations

import pytest

from schemas import registry
from schemas.declare import Personal
from streams.privacy import DAY_MS, Pseudonyms, mask_text

MIDNIGHT = 1_764_000_000_000 // DAY_MS * DAY_MS - 8 * 3_600_000  # in Jinan


@pytest.mark.parametrize(("text", "masked"), [
    ("电话13812345678，请回复", "电话[电话],请回复"),
    ("拨138 1234 5678", "拨[电话]"), ("拨138-1234-5678", "拨[电话]"),
    ("+86 13812345678", "[电话]"), ("8613812345678", "[电话]"),
    ("１３８１２３４５６７８", "[电话]"), ("138\u200b12345678", "[电话]"),
    ("座机0531-82345678", "座机[电话]"), ("座机 053182345678", "座机 [电话]"),
    ("身份证37010219900307123X", "身份证[身份证]"), ("37010219900307123x", "[身份证]"),
    ("370102 19900307 1234", "[身份证]"), ("370102-19900307-123X", "[身份证]"),
    ("卡号6222021234567890123", "卡号[卡号]"), ("6222 0212 3456 7890 123", "[卡号]"),
    ("6222-0212-3456-7890", "[卡号]"),
    ("鲁A12345违停", "[车牌]违停"), ("鲁A·12345", "[车牌]"), ("鲁AD12345", "[车牌]"),
    ("鲁a12345", "[车牌]"), ("鲁A-12345", "[车牌]"), ("鲁A1234学", "[车牌]"),
    ("鲁A1234警在巡逻", "[车牌]在巡逻"),
    ("写信到 zhang.san@example.com 。", "写信到 [邮箱] 。"),
    ("我叫张三，住历下", "我叫[姓名],住历下"), ("我叫欧阳小明。", "我叫[姓名]。"),
    ("姓名\u3000王小明", "姓名 [姓名]"), ("我是李四。", "我是[姓名]。"),
    ("姓名：王小明", "姓名:[姓名]"), ("姓名: 王小明", "姓名: [姓名]"),
    ("联系人姓名：王小明", "联系人姓名:[姓名]"), ("联系人电话不详", "联系人电话不详"),
    ("联系人 赵六 电话13812345678", "联系人 [姓名] 电话[电话]"),
    ("欧阳先生来电", "[姓名]先生来电"), ("王女士反映", "[姓名]女士反映"),
])
def test_what_looks_personal_is_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize("text", [
    "经十路与历山路口东南角垃圾堆放", "案件370102-20261124-00017", "井盖编号12345丢失",
    "气温38.5度,持续3小时", "2026-11-24 12:00:00", "我是历下区居民反映噪音扰民",
    "限速60", "我叫了三次救护车", "新Windows系统", "第3次来电,第12345号工单", "山东大学路段积水"])
def test_what_is_not_personal_stays(text: str) -> None:
    assert mask_text(text) == text


def test_a_name_that_the_sentence_goes_on_after_does_not_stay() -> None:
    assert "张三" not in mask_text("我叫张三住在历下区")
    assert "王小明" not in mask_text("联系人王小明请尽快处理")


def test_masking_twice_changes_nothing_more() -> None:
    once = mask_text("我叫张三，鲁A12345，13812345678，王先生，a@b.cn")
    assert mask_text(once) == once


@pytest.fixture
def pseudonyms() -> Pseudonyms:
    """Give pseudonyms under one master key."""
    return Pseudonyms(b"master")


def test_a_pseudonym_is_the_same_within_a_day_and_new_on_the_next(pseudonyms: Pseudonyms) -> None:
    day = Pseudonyms.day(MIDNIGHT)
    assert Pseudonyms.day(MIDNIGHT + DAY_MS - 1) == day == Pseudonyms.day(MIDNIGHT - 1) + 1
    first = pseudonyms.of("vehicle_id", "鲁A12345", day)
    assert pseudonyms.of("vehicle_id", "鲁A12345", day) == first
    assert pseudonyms.of("vehicle_id", "鲁A12345", day + 1) != first


def test_a_pseudonym_tells_nothing_of_the_value(pseudonyms: Pseudonyms) -> None:
    one = pseudonyms.of("vehicle_id", "鲁A12345", 1)
    assert len(one) == 32
    assert set(one) <= set("0123456789abcdef")
    assert Pseudonyms(b"other").of("vehicle_id", "鲁A12345", 1) != one


def test_a_value_is_known_again_however_it_is_spelt(pseudonyms: Pseudonyms) -> None:
    assert pseudonyms.of("v", " 鲁a12345 ", 1) == pseudonyms.of("v", "鲁A12345", 1)


def test_fields_cannot_be_joined_by_their_pseudonyms(pseudonyms: Pseudonyms) -> None:
    assert pseudonyms.of("caller", "x", 1) != pseudonyms.of("driver", "x", 1)
    assert pseudonyms.of("a", "b\x1fc", 1) != pseudonyms.of("a\x1fb", "c", 2)


def test_only_texts_are_pseudonymised_or_masked() -> None:
    for family in registry.families().values():
        for field in family.fields:
            if field.personal in (Personal.PSEUDONYM, Personal.MASKED):
                assert not field.numeric, (family.name, field.name)
