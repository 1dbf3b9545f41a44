"""Check that the gate's masks find every invented person."""

from __future__ import annotations

import random
import re

from streams.city.people import draw_identity, draw_name, draw_phone
from streams.masking import mask_text


def test_masks_take_invented_people_out_of_texts() -> None:
    chance = random.Random(3)
    for _ in range(300):
        name, phone, identity = draw_name(chance), draw_phone(chance), draw_identity(chance)
        masked = mask_text(f"小区停水多时。我叫{name}，联系电话{phone}，身份证{identity}")
        assert name not in masked
        assert not re.search(r"\d{5}", masked), masked
        assert "停水" in masked
