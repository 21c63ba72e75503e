"""What a number rests on: names of rows or of sources in one text, `RO0008+RO0009`.

One text a cell groups, sorts and joins as any other; it is put together and taken apart here alone.
"""

from collections.abc import Iterable

import pandas as pd


def apart(*texts: str | float | None) -> list[str]:
    """The names in texts, each once, in order; what is missing or empty has none."""
    given = (text.split("+") for text in texts if isinstance(text, str))
    return list(dict.fromkeys(name for names in given for name in names if name))


def together(texts: Iterable[str | float | None]) -> str:
    """All names of some texts as one text, each once."""
    return "+".join(apart(*texts))


def across(*columns: pd.Series) -> pd.Series:
    """The names that stand in each line of columns, as one column."""
    lines = zip(*columns, strict=True)
    return pd.Series([together(line) for line in lines], columns[0].index, dtype="str")
