"""What an annual return is: its columns, its measures, and the values that each may hold.

The one declaration of the form. The template, the checks, the page for forces and the mapping to
the tables of the data are all made from it. The questions are those that police forces have been
asked in freedom of information requests; `question` is the number of the question in the national
advice on them (source `npcc-cru-43-23`), `+` what the report asks beside them.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

SHEET = "Return"
EXAMPLE_SHEET = "Example"
EXAMPLE_MARK = "EXAMPLE ONLY"  # stands in every row of the worked example
MOST_ROWS = 5_000  # a force that answers every question by every split fills in about 200


@dataclass(frozen=True)
class Field:
    """One column: what it may hold (`allowed` empty: any of its kind) and when it is filled in."""

    name: str
    kind: Literal["code", "date", "whole number", "number", "text"]
    says: str
    when: str = "only if it applies"
    allowed: tuple[str, ...] = ()
    default: str = ""  # what an empty cell means
    column: Literal["required", "optional", "printed"] = "optional"

    @property
    def in_template(self) -> bool:
        """Whether a force is asked for it: totals are read from printed tables only."""
        return self.column != "printed"


@dataclass(frozen=True)
class Measure:
    """One thing that is asked: what it counts, and the table of the data that takes it.

    `custody` is who it counts if the measure says so itself; `needs` names fields that must be
    filled in beside a number; `row` holds the columns of the table that the measure decides.
    """

    code: str
    question: str
    kind: Literal["stock", "flow"]
    unit: str
    says: str
    table: str = "answers"
    row: dict[str, str] = field(default_factory=dict)
    custody: str = ""
    needs: tuple[str, ...] = ()
    decimals: bool = False
    family: str = ""  # of the offences that belong under it
    beside: str = ""  # the topic of what is asked beside the questions

    @property
    def topic(self) -> str:
        """The part of the report concerned, as the ledger names it."""
        if self.beside:
            return self.beside
        return {"1": "register", "8": "missing", "9": "missing"}.get(self.question, "breaches")


Answer = Any  # a row of a return as `annual_return.typed` gives it: the fields as attributes

TIERS = {"VH": "very_high", "H": "high", "M": "medium", "L": "low", "unknown": "unknown"}
WITH_VALUE = ("final", "provisional", "revised")
WITHOUT_VALUE = ("not_held", "cost_limit", "exempt")
STATUS_WORDS = {
    "final": "the number is final",
    "provisional": "the number can still change, or its period is not a whole year",
    "revised": "the number replaces one that was given before; revises_row names it",
    "not_held": "the force does not hold this",
    "cost_limit": "finding it out would go beyond the cost limit",
    "exempt": "the force relies on an exemption",
    "withheld": "given by the force, and not published here: the area is too small or not cleared",
}

FIELDS = (
    Field(
        "force",
        "code",
        "Police force, or two forces that answer together",
        "always; the codes are listed on this page",
        column="required",
    ),
    Field("measure_code", "code", "What is counted", "always; see the measures", column="required"),
    Field(
        "as_at",
        "date",
        "Day for which a stock holds",
        "for a stock; leave empty for a flow",
        column="required",
    ),
    Field(
        "period_start",
        "date",
        "First day of the period of a flow",
        "for a flow; leave empty for a stock",
        column="required",
    ),
    Field(
        "period_end",
        "date",
        "Last day of the period of a flow",
        "for a flow; leave empty for a stock",
        column="required",
    ),
    Field(
        "geography_level",
        "code",
        "Whether the row is about the whole force or one district",
        "empty means the whole force",
        ("force", "district"),
        "force",
    ),
    Field(
        "geography_code",
        "text",
        "Office for National Statistics code of the district, such as E08000025",
        "for a district",
    ),
    Field(
        "population_total",
        "whole number",
        "Residents of all ages",
        "for a district",
    ),
    Field("population_10plus", "whole number", "Residents aged 10 and over"),
    Field(
        "sex",
        "code",
        "Sex of the people counted",
        "empty means all",
        ("all", "male", "female", "unknown"),
        "all",
    ),
    Field(
        "risk_tier",
        "code",
        "Risk tier: very high, high, medium, low, or not known",
        "for RSO_BY_TIER",
        tuple(TIERS),
    ),
    Field(
        "risk_tool",
        "code",
        "Tool that gave the tier",
        "for RSO_BY_TIER",
        ("RM2000", "ARMS", "OSP"),
    ),
    Field(
        "mappa_level",
        "code",
        "MAPPA level",
        "for RSO_BY_LEVEL",
        ("1", "2", "3", "unknown"),
    ),
    Field(
        "custody_status",
        "code",
        "Who is counted: people in the community, people in custody, or both",
        "for counts of people whose measure does not say it",
        ("community", "custody", "both"),
    ),
    Field(
        "offence_title",
        "text",
        "Title of the offence, word for word as in the recording system",
        "for numbers of offences",
    ),
    Field(
        "heading_as_printed",
        "text",
        "Heading under which the title stands in the force's own table, word for word",
        "only if the row is taken from such a table",
    ),
    Field(
        "definition_code",
        "code",
        "What the force means by missing",
        "for MISSING_STOCK, MISSING_NEW and MISSING_TRACED",
        ("WHEREABOUTS_UNKNOWN", "WANTED_WARRANT", "MISSING_PERSON", "NOT_STATED"),
    ),
    Field(
        "value",
        "number",
        "The number, 0 or more; whole, except for OFFICERS_FTE",
        "always, unless value_status says why there is none",
        column="required",
    ),
    Field(
        "value_status",
        "code",
        "Whether the number is final, or why there is none",
        "always",
        (*WITH_VALUE, *WITHOUT_VALUE),
        column="required",
    ),
    Field(
        "revises_row",
        "text",
        "Row of the published data that this one replaces, such as BR0005",
        "for value_status revised",
    ),
    Field("source_ref", "text", "Where the number is held, such as the name of a report"),
    Field(
        "note",
        "text",
        "Anything a reader must know; no names, dates of birth, addresses or reference numbers",
    ),
    Field(
        "table_as_printed",
        "text",
        "Number of the printed table from which the row was read",
        column="printed",
    ),
    Field(
        "total",
        "code",
        "Which printed total of that table the row is; such a row is not a count of its own",
        allowed=("row", "column", "grand"),
        column="printed",
    ),
    Field(
        "as_at_precision",
        "code",
        "How exactly the printed table names the day of a stock",
        "empty means that it names the day",
        ("day", "month", "year", "response_date", "publication_date"),
        "day",
        "printed",
    ),
)
FIELD = {each.name: each for each in FIELDS}
TEMPLATE_FIELDS = tuple(each for each in FIELDS if each.in_template)

# Rows that agree in all of these are the same answer given twice.
KEY = (
    "force",
    "measure_code",
    "as_at",
    "period_start",
    "period_end",
    "geography_level",
    "geography_code",
    "sex",
    "risk_tier",
    "risk_tool",
    "mappa_level",
    "custody_status",
    "offence_title",
    "definition_code",
    "table_as_printed",
    "total",
)

# Splits that a table of the data can hold; any other would be lost, so it stops the return. The
# custody status of missing people says which count of RSOs they are compared with.
SPLITS = {
    "registered_offenders": ("sex", "custody_status"),
    "orders": ("sex", "custody_status"),
    "missing": ("mappa_level", "custody_status", "definition_code"),
    "risk_tiers": ("custody_status",),
    "breaches": ("heading_as_printed",),
    "staffing": (),
    "answers": ("sex", "risk_tier", "risk_tool", "mappa_level", "custody_status"),
}
SPLIT_FIELDS = (
    "sex",
    "risk_tier",
    "risk_tool",
    "mappa_level",
    "custody_status",
    "offence_title",
    "heading_as_printed",
    "definition_code",
)

_REGISTER = {"series_id": "STOCK_FOI"}
MEASURES = (
    Measure(
        "RSO_REGISTER",
        "1",
        "stock",
        "people",
        "RSOs on the force's register: in the community, in custody and abroad",
        "registered_offenders",
        _REGISTER,
        "both",
    ),
    Measure(
        "RSO_COMMUNITY",
        "1",
        "stock",
        "people",
        "Of them, people managed in the community",
        "registered_offenders",
        _REGISTER,
        "community",
    ),
    Measure(
        "RSO_CUSTODY",
        "1",
        "stock",
        "people",
        "Of them, people in custody",
        "registered_offenders",
        _REGISTER,
        "custody",
    ),
    Measure(
        "RSO_ABROAD",
        "1",
        "stock",
        "people",
        "Of them, people known to live abroad",
        "registered_offenders",
        {**_REGISTER, "custody_status": "abroad"},
    ),
    Measure(
        "TRAVEL_NOTIFIED",
        "2",
        "flow",
        "people",
        "People who notified travel outside the United Kingdom",
    ),
    Measure(
        "TRAVEL_NOT_NOTIFIED",
        "2",
        "flow",
        "people",
        "People found to have travelled outside the United Kingdom without notifying it",
    ),
    Measure(
        "NOT_RETURNED_UK",
        "3",
        "flow",
        "people",
        "People who travelled outside the United Kingdom and did not return when they had said",
    ),
    Measure(
        "CHILD_HOUSEHOLD_NOTIFIED",
        "4",
        "flow",
        "people",
        "People who notified that they stayed in a household with a child",
    ),
    Measure(
        "CHILD_HOUSEHOLD_FAILED",
        "4",
        "flow",
        "people",
        "People found to have stayed in a household with a child without notifying it",
    ),
    Measure(
        "NAME_CHANGE_NOTIFIED", "5", "flow", "people", "People who notified a change of their name"
    ),
    Measure(
        "NAME_CHANGE_FOUND_LATER",
        "5",
        "flow",
        "people",
        "People whose change of name was found out later",
    ),
    Measure(
        "NOTIF_OFFENCES",
        "6",
        "flow",
        "offences",
        "Recorded offences against the notification requirements, by title",
        "breaches",
        {"series_id": "BREACH_RECORDED"},
        needs=("offence_title",),
        family="NOTIFICATION",
    ),
    Measure(
        "SHPO_OFFENCES",
        "6",
        "flow",
        "offences",
        "Recorded breaches of sexual harm prevention orders, by title",
        "breaches",
        {"series_id": "BREACH_RECORDED"},
        needs=("offence_title",),
        family="SHPO",
    ),
    Measure(
        "SRO_OFFENCES",
        "6",
        "flow",
        "offences",
        "Recorded breaches of sexual risk orders, by title",
        "breaches",
        {"series_id": "BREACH_RECORDED"},
        needs=("offence_title",),
        family="SRO",
    ),
    Measure(
        "ANNUAL_CONTACT_FAIL_PERSONS",
        "7",
        "flow",
        "people",
        "People who failed to confirm their details at least once",
    ),
    Measure(
        "ANNUAL_CONTACT_FAIL_EVENTS",
        "7",
        "flow",
        "failures",
        "Times that somebody failed to confirm their details",
    ),
    Measure(
        "MISSING_RULE_DAYS",
        "8",
        "stock",
        "days",
        "Days without contact after which a person counts as missing; not_held if there is no rule",
    ),
    Measure(
        "MISSING_STOCK",
        "9",
        "stock",
        "people",
        "RSOs whose whereabouts were unknown on the day",
        "missing",
        {"series_id": "MISSING_STOCK"},
        needs=("definition_code",),
    ),
    Measure(
        "MISSING_NEW",
        "9",
        "flow",
        "people",
        "RSOs who went missing in the period",
        "missing",
        {"series_id": "MISSING_NEW"},
        needs=("definition_code",),
    ),
    Measure(
        "MISSING_TRACED",
        "9",
        "flow",
        "people",
        "Missing RSOs who were found in the period",
        needs=("definition_code",),
    ),
    Measure(
        "RSO_BY_TIER",
        "+",
        "stock",
        "people",
        "RSOs by risk tier, one row a tier",
        "risk_tiers",
        {"measure": "persons"},
        needs=("risk_tier", "risk_tool", "custody_status"),
        beside="visits",
    ),
    Measure(
        "RSO_BY_LEVEL",
        "+",
        "stock",
        "people",
        "RSOs by MAPPA level, one row a level",
        "registered_offenders",
        _REGISTER,
        needs=("mappa_level", "custody_status"),
        beside="register",
    ),
    Measure("VISITS_DUE", "+", "flow", "visits", "Home visits that were due", beside="visits"),
    Measure("VISITS_MADE", "+", "flow", "visits", "Home visits that were made", beside="visits"),
    Measure(
        "RSO_REACTIVE",
        "+",
        "stock",
        "people",
        "RSOs managed reactively, without routine visits",
        beside="visits",
    ),
    Measure(
        "OFFICERS_FTE",
        "+",
        "stock",
        "full-time equivalents",
        "Officers who manage RSOs, as full-time equivalents; decimals are allowed",
        "staffing",
        {"measure": "officers_fte", "statistic": "total"},
        decimals=True,
        beside="visits",
    ),
    Measure(
        "SUBJECT_SHPO",
        "+",
        "stock",
        "people",
        "People subject to a sexual harm prevention order",
        "orders",
        {"series_id": "ORDER_STOCK", "order_type": "SHPO"},
        needs=("custody_status",),
    ),
    Measure(
        "SUBJECT_SRO",
        "+",
        "stock",
        "people",
        "People subject to a sexual risk order",
        "orders",
        {"series_id": "ORDER_STOCK", "order_type": "SRO"},
        needs=("custody_status",),
    ),
)
MEASURE = {each.code: each for each in MEASURES}

# The map of offence titles: the family of the order or duty that the title itself names. A title
# that is not here stops a return (V15), because nobody has yet read which order it is about.
TITLES = {
    "Failure to comply with (Sexual Offence) Notification Order": "NOTIFICATION",
    "Fail to Comply with Notification of changes requirement": "NOTIFICATION",
    "Fail to Comply with the Periodic Notification requirement": "NOTIFICATION",
    "Fail to Comply with requirement to notify travel outside UK": "NOTIFICATION",
    "Breach a sexual risk order / risk of harm order etc. or fail to comply with requirement "
    "under Sec 122 c (4)": "SRO",
    "Attempted - Breach a sexual risk order / risk of harm order etc. or fail to comply with "
    "requirement under Sec 122 c (4)": "SRO",
    "Breach SHPO / interim SHPO / SOPO / interim SOPO / Foreign travel order or fail to comply "
    "with a requirement under Sec 103D (4)": "SHPO",
    "Attempted - Breach SHPO / interim SHPO / SOPO / interim SOPO / Foreign travel order or fail "
    "to comply with a requirement under Sec 103D (4) SOA 2003": "SHPO",
    "Breach Sexual Harm Prevention Order (SHPO) Sentencing Act 2020 Sec 354 (1) (4)": "SHPO",
    "Breach of a SHPO or SOPO, interim included": "SHPO",
}

# What each check looks at, and what it does: stop the return, withhold the value, or remark on it.
# A remark is shown to whoever takes the return in, and most enter the ledger of discrepancies.
CHECKS = {
    "V01": ("Every column is there that must be, once, and none that nobody asked for", "stop"),
    "V02": ("Numbers are whole, 0 or more, and there exactly where value_status says so", "stop"),
    "V03": ("Codes are those of the form, and what a measure needs beside it is filled in", "stop"),
    "V04": ("A stock has one day, a flow a first and a last, and none lies in the future", "stop"),
    "V05": ("A period is a year of 365 or 366 days, or the row is marked provisional", "stop"),
    "V06": ("Male, female and unknown sum to all", "remark"),
    "V07": ("MAPPA levels sum to the count of the same people", "remark"),
    "V08": ("Risk tiers sum to the count of the same people", "remark"),
    "V09": ("Community, custody and abroad sum to the register, or a note says why not", "remark"),
    "V10": ("No more people are missing than registered on the same day", "stop"),
    "V11": ("Missing at the start, with those new and without those traced, is the end", "remark"),
    "V12": ("No more people failed to confirm their details than there were failures", "remark"),
    "V13": ("Printed totals are the sums of their cells; both are kept", "remark"),
    "V14": ("A title stands under the heading of its own order; the title decides", "remark"),
    "V15": ("Somebody has read which order each offence title names", "stop"),
    "V16": ("No figure changes by more than a fifth, and by more than 20, in a year", "remark"),
    "V17": ("Counts with people in custody are not compared with the community only", "stop"),
    "V18": ("Each measure is there once, in the return and beside the published data", "stop"),
    "V19": (
        "The area is a whole force; if it is a district, its residents are stated; no row is of "
        "one person by sex, tier or the like",
        "withhold",
    ),
    "V20": ("No text seems to be about one person", "stop"),
    "V21": (
        "Orders and visits made are in likely proportion to RSOs and to visits due",
        "remark",
    ),
}
