"""One changed value in the data changes every block that comes from it, and no other.

All notebooks are executed on data in which one value of one row is different. Blocks that name the
row must then read otherwise, and blocks that do not name it must read the same. So the links to
rows are complete and true, which no test of single numbers could show. When it is broad, rows of a
table are changed three at once: each must show where it is named, and nowhere else is a change.
"""

import copy
import functools
import random

import notebook_blocks
import pytest
from notebook_blocks import whole

from rso_report import dataset, register

SEED, SAMPLE, QUICK, AT_ONCE = 20220331, 80, 14, 3

# Sentences that count over all rows, and name none: how many findings, counts and rates there are.
OVER_ALL_ROWS = (
    "- Counts of people",
    "- **Gaps.**",
    "- **Rates.**",
    "- **Errors of",
    "Each of ",
    "For ",
)
COUNTING_PAGE = "data-quality: text"
ROUNDED = "regional-trends: tab-estimate"  # to the nearest ten: a small change need not show
# Tables that speak of all rows at once, and name none.
OF_ALL_ROWS = ("data-quality: tab-ledger", "data-quality: tab-estimate-coverage")
FINDINGS = "data-quality: tab-rule-findings"  # rows come and go, and its headline counts them


def by_place(outputs):
    """Blocks of what notebooks display, by their place."""
    found = {}
    for path, shown in outputs.items():
        for block in notebook_blocks.blocks(path, shown):
            found.setdefault(block.place, []).append(block)
    return found


def published(data, table):
    """Blocks by place, of the notebooks that read a table."""
    readers = [
        path
        for path in notebook_blocks.NOTEBOOKS
        if table in {each.stem for each in dataset.tables_read(path)}
    ]
    return by_place({path: notebook_blocks.run(path, data) for path in readers})


@functools.cache
def unchanged():
    """As it is stored with the notebooks, which is what they display (test_reproducible)."""
    return by_place({p: notebook_blocks.known_outputs(p) for p in notebook_blocks.NOTEBOOKS})


def value_column(table):
    return {"visit_policy": "min_visits_per_year", "population_districts": "all_ages"}.get(
        table, "value"
    )


def empty():
    """Tables that wait for their first row: no force has answered yet."""
    return {name for name in dataset.ROW_TABLES.values() if not len(getattr(whole(), name))}


def tables_of_figures():
    """Tables of figures that hold some; what documents say has none."""
    names = [name for name in dataset.ROW_TABLES.values() if name not in empty()]
    return [name for name in names if value_column(name) in getattr(whole(), name)]


def sample():
    """Rows of every table that holds figures, more of the larger ones; the same each time."""
    chosen = []
    rng = random.Random(SEED)
    names = tables_of_figures()
    sizes = [min(len(getattr(whole(), name)), 120) for name in names]
    for name in [*names, *rng.choices(names, sizes, k=SAMPLE - len(names))]:
        table = getattr(whole(), name)
        filled = table.index[table[value_column(name)].notna()]
        chosen.append((name, int(rng.choice(list(filled)))))
    return list(dict.fromkeys(chosen))


def mutated(table, indexes):
    """The data with a value of each of these rows changed, and the identifiers of the rows."""
    data, frame, rows = copy.copy(whole()), getattr(whole(), table).copy(), set()
    setattr(data, table, frame)
    column = value_column(table)
    # One district has to show in the rate of the whole country, which is given to few digits.
    times = 50 if table == "population_districts" else 2
    for index in indexes:
        frame.loc[index, column] = frame.loc[index, column] * times + 7
        if table == "population_districts":
            area, day = frame.loc[index, "area_id"], frame.loc[index, "date"]
            region = data.areas.set_index("area_id").at[area, "parent_id"]
            rows |= {register.population_row(name, day) for name in (area, region, "EW")}
        else:
            rows.add(frame.loc[index, "row_id"])
    return data, rows


def counts_over_all_rows(block):
    if block.place in OF_ALL_ROWS:
        return True
    return block.place == COUNTING_PAGE and block.text.startswith(OVER_ALL_ROWS)


def differences(before, after, changed_rows):
    """Blocks that changed without naming a changed row, or named one and stayed the same."""
    wrong = []
    for place in after:
        old, new = before[place], after[place]
        if place == FINDINGS:
            texts = [{(b.text, b.rows) for b in blocks if b.cells} for blocks in (old, new)]
            wrong += [
                f"{place}: {text}" for text, rows in texts[0] ^ texts[1] if not rows & changed_rows
            ]
            continue
        assert len(old) == len(new), place
        for was, now in zip(old, new, strict=True):
            names_it = bool((was.rows | now.rows) & changed_rows)
            if names_it and place == ROUNDED:
                continue
            if (was.text != now.text) != names_it and not counts_over_all_rows(was):
                what = "names the row and stays" if names_it else "changes and names no such row"
                wrong.append(f"{place}, {was.key[:40]}, {what}: {was.text[:200]}")
    return wrong


def cases():
    """The rows as parameters of a test, of which `make test` takes some of every table, alone."""
    alone, others = sample()[:QUICK], sample()[QUICK:]
    tables = {table: [index for name, index in others if name == table] for table, _ in others}
    together = [
        (table, indexes[start : start + AT_ONCE])
        for table, indexes in tables.items()
        for start in range(0, len(indexes), AT_ONCE)
    ]
    return [pytest.param(table, [index], id=f"{table}-{index}") for table, index in alone] + [
        pytest.param(*each, marks=pytest.mark.slow, id="-".join(map(str, [each[0], *each[1]])))
        for each in together
    ]


def test_the_sample_has_rows_of_every_table():
    assert len(sample()) >= 70
    assert {name for name, _ in sample()[:QUICK]} == set(tables_of_figures())
    assert {*dataset.ROW_TABLES.values()} - set(tables_of_figures()) <= {"answers", "statements"}


@pytest.mark.parametrize(("table", "indexes"), cases())
def test_a_changed_value_changes_what_names_its_row_and_nothing_else(table, indexes):
    data, rows = mutated(table, indexes)
    after = published(data, table)
    wrong = differences(unchanged(), after, rows)
    assert not wrong, "\n".join([str(rows), *wrong])
    another = {"RO0008", "RO0009"} - rows
    assert differences(unchanged(), after, another), "that another row changed was believed"
