"""Test that personal data leaves free text however it is spelt, and that nothing else does."""

from __future__ import annotations

import pytest

from streams.masking import has_identity_check, has_luhn_check, mask_text


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


@pytest.mark.parametrize(("text", "masked"), [
    ("一三八一二三四五六七八", "[电话]"), ("幺三八 一二三四 五六七八", "[电话]"),
    ("138.1234.5678", "[电话]"), ("1 3 8 1 2 3 4 5 6 7 8", "[电话]"),
    ("①③⑧①②③④⑤⑥⑦⑧", "[电话]"), ("𝟏𝟑𝟖𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "[电话]"), ("١٣٨١٢٣٤٥٦٧٨", "[电话]"),
    ("(0531)82345678", "[电话]"), ("0531 8234 5678转8001", "[电话]"),
    ("零五三一八二三四五六七八", "[电话]"), ("电话82345678", "电话[电话]"),
    ("13812345678 13912345678", "[电话] [电话]"), ("2026-11-24 13812345678", "2026-11-24 [电话]"),
    ("3栋 13812345678", "3栋 [电话]"),
    ("张三13812345678三号楼", "[姓名][电话]三号楼"), ("370102900307123", "[身份证]"),
    ("６２２２０２１２３４５６７８９０１２３", "[卡号]"), ("4111 1111 1111 1111", "[卡号]"),
    ("鲁 A 1 2 3 4 5", "[车牌]"), ("鲁AD12345在", "[车牌]在"), ("鲁A一二三四五", "[车牌]"),
    ("粤Z1234港", "[车牌]"), ("微信号zhang_san01", "微信号[账号]"), ("护照E12345678", "护照[证件]"),
    ("历山路100号3号楼2单元501室", "历山路[地址]"), ("阳光小区3-2-501", "阳光小区[地址]"),
    ("王家村12号", "王家村[地址]"), ("三号楼二单元五零一室", "[地址]"), ("3号楼501", "[地址]"),
    ("邻居肖静强，", "邻居[姓名],"), ("闫宇先生来电", "[姓名]先生来电"),
    ("我姓王", "我姓[姓名]"), ("王师傅修车", "[姓名]师傅修车"),
    ("邻居张强经常扰民", "邻居[姓名]经常扰民"),
    ("我是阿卜杜拉·买买提", "[姓名]"), ("联系人: John Smith", "联系人: [姓名]"),
    ("张伟 13812345678", "[姓名] [电话]"), ("李娜，女，35岁", "[姓名],女,35岁"),
    ("我\u200b叫王小明，", "我叫[姓名],"),
])
def test_every_spelling_is_known(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize("text", [
    "工单号202611240001234567", "2026年11月24日12时30分", "三室两厅", "12路公交车", "5楼电梯坏",
    "第三单元停水", "解放路12号门前积水", "咨询社保转移手续，很久不来", "一位先生"])
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert mask_text(text) == text


def test_what_the_event_itself_calls_personal_leaves_its_text() -> None:
    masked = mask_text("小明家里漏水，王 小 明来过，找买提江", ["王小明", "买提江"])
    assert masked == "[姓名]家里漏水,[姓名]来过,找[姓名]"
    assert mask_text("致电+1 415 5550100", ["+1 415 5550100"]) == "致电[电话]"


def test_check_digits_are_those_of_the_standards() -> None:
    # the example of GB 11643-1999, and the test number of ISO/IEC 7812
    assert has_identity_check("11010519491231002X")
    assert not has_identity_check("110105194912310021")
    assert has_luhn_check("4111111111111111") and not has_luhn_check("4111111111111112")


def test_an_identity_number_mistyped_in_one_digit_is_one_still() -> None:
    assert mask_text("110105194912310021") == "[身份证]"


@pytest.mark.parametrize("text", [
    "1" * 4000, "1 " * 2000, "鲁A" * 2000, "王" * 4000, "a@" * 2000, "a" * 4000, "3号" * 2000,
    "我叫" * 2000, "(0" * 2000, "一" * 4000, "A1" * 2000])
@pytest.mark.timeout(20)
def test_no_text_takes_long(text: str) -> None:
    mask_text(text)
