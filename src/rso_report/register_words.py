"""How the rates of police areas compare with the country's, in sentences."""

from collections.abc import Mapping

import pandas as pd

from rso_report.edition import Edition
from rso_report.prose import LEDGER, listed, number


def sides_of_country(edition: Edition, sides: Mapping[str, list[str]], forces: int) -> str:
    """Which of the region's forces lie above and below England and Wales, as a title.

    `sides`: the names of those clearly `above` and `below`; two at most are named, more are
    counted out of that many `forces`.
    """
    if not forces:
        return "Rates of other police areas"
    few = sum(map(len, sides.values())) <= 2
    said = [f"{listed(n) if few else len(n)} {side}" for side, n in sides.items() if n]
    nobody = "No force" if len(edition.forces) > 1 else f"{edition.region} not"
    of = "" if few else f"Of {forces} forces "
    return f"{of}{', '.join(said) or f'{nobody} clearly above or below'} England and Wales"


def spread(at: str, areas: pd.DataFrame, together: float, deviation: float) -> str:
    """How far areas differ beyond chance, which stand out, and which are left out for doubt.

    `areas` as `register.side_by_side` returns them; `together` the pooled rate of those not in
    doubt, `deviation` the standard deviation beyond chance, both per 100,000.
    """
    in_doubt = areas["doubted"] != ""
    return (
        f"The {len(areas)} [areas of {at}](#fig-funnel) are those that somebody asked or wrote "
        f"about, and no sample. Taken together the {(~in_doubt).sum()} not in doubt have a rate of "
        f"{number(together, 1)}. Areas differ by more than chance would make them (beyond it, by a "
        f"standard deviation of {number(deviation, 1)}). From that spread "
        f"{listed(areas.loc[areas['outside'], 'name']) or 'no area'} stands out, by limits that "
        "hold 99.8% of areas. Left out of the limits, as a "
        f"[known error]({LEDGER}) puts them in doubt: "
        f"{listed(areas.loc[in_doubt, 'name']) or 'none'}."
    )
