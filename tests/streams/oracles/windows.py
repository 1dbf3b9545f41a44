"""Lay events over windows, for all oracles."""

from __future__ import annotations

import numpy as np
import pandas as pd


def to_seconds(moments: pd.Series) -> pd.Series:
    """Give epoch seconds of zoned moments."""
    plain = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    return pd.Series(plain.to_numpy("datetime64[s]").astype("int64"), index=moments.index)


def scaled(values: pd.Series, decimals: int) -> pd.Series:
    """Scale to whole numbers, half to even, as results keep them."""
    return pd.Series(np.rint(values.to_numpy(float) * 10 ** decimals).astype("int64"),
                     index=values.index)


def over_windows(events: pd.DataFrame, lengths: tuple[int, ...]) -> pd.DataFrame:
    """Repeat events, with their epoch second in `at`, for each window length."""
    parts = [events.assign(window_seconds=length, window_start=events["at"] // length * length)
             for length in lengths]
    return pd.concat(parts, ignore_index=True)
