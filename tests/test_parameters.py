"""The parameters of an edition: each wrong one is refused, all at once, with what is allowed."""

import json
import re
from pathlib import Path

import pytest

from rso_report import dataset, parameters
from rso_report.edition import Edition, choices, open_edition, read_parameters, stored_choices
from rso_report.errors import FaultError, FileError

REGIONS = dataset.load("areas").areas.query("kind == 'region'")["short_name"].tolist()
YEAR = "two years with a hyphen, such as '2021-22'"
FORCES = "WMP, STA, WMC, WAR, or '' for the one with the largest count"
MIX = "four percentages that add to 100, very high/high/medium/low, such as '2/18/30/50', "
MIX += "or '' for the national mix in risk_tiers.csv"
OFFICERS = "a whole number from 0 to 10,000"
CLOSE = "a whole number from 1 to 10,000"
CREW, WEEKS = "a whole number from 1 to 4", "a whole number from 1 to 52"
SHARE, SEED = "a number above 0.001, at most 1", "a whole number from 0 to 4,294,967,295"
NAMES = ", ".join(Edition.model_fields)
REACH = "the data reach from 2001-02 to 2023-24"
UNKNOWN = "an unknown parameter"
POLICY, IN = "WMP_2014, NPCC_2017", ", ".join(REGIONS) + ", or a force by its name"

# Value given from Python; what is said of it; what is allowed.
WRONG = [
    ("report_year", 202425, "202425, which is not text (did you mean '2024-25'?)", YEAR),
    ("report_year", 2021, "2021, which is not text (did you mean '2021-22'?)", YEAR),
    ("report_year", "2021", "'2021' (did you mean '2021-22'?)", YEAR),
    ("report_year", "2021/22", "'2021/22' (did you mean '2021-22'?)", YEAR),
    ("report_year", "2021-2022", "'2021-2022' (did you mean '2021-22'?)", YEAR),
    ("report_year", "2021-23", "'2021-23' (did you mean '2021-22'?)", YEAR),
    ("report_year", "last", "'last'", YEAR),
    ("report_year", "", "''", YEAR),
    ("report_year", None, "None, which is not text", YEAR),
    ("report_year", "2021-22\x1b[31m", "'2021-22\\x1b[31m'", YEAR),
    ("report_year", "9" * 500, f"'{'9' * 79}…'", YEAR),
    (
        "report_year",
        "2035-36",
        "'2035-36', but no data covers 2035-36 for West Midlands region",
        REACH,
    ),
    (
        "report_year",
        "1995-96",
        "'1995-96', but no data covers 1995-96 for West Midlands region",
        REACH,
    ),
    ("region", True, "True, which is not text", IN),
    ("region", 7, "7, which is not text", IN),
    ("region", "West Midland", "'West Midland' (did you mean 'West Midlands'?)", IN),
    ("region", "WEST MIDLANDS", "'WEST MIDLANDS' (did you mean 'West Midlands'?)", IN),
    ("region", "YH", "'YH' (did you mean 'Yorkshire and the Humber'?)", IN),
    ("region", "Mercia", "'Mercia' (did you mean 'West Mercia Police'?)", IN),
    ("region", "Mars", "'Mars'", IN),
    ("force", "KENT", "'KENT'", FORCES),
    ("force", "wmp", "'wmp' (did you mean 'WMP'?)", FORCES),
    (
        "force",
        None,
        "None, which is not text",
        "the code of a force of the region, or '' for the largest",
    ),
    ("policy_id", "NPCC_2016", "'NPCC_2016' (did you mean 'NPCC_2017'?)", POLICY),
    ("tier_mix", "2/18/30", "'2/18/30'", MIX),
    ("tier_mix", "2/18/30/60", "'2/18/30/60'", MIX),
    ("tier_mix", "-2/22/30/50", "'-2/22/30/50'", MIX),
    ("tier_mix", "nan/18/30/50", "'nan/18/30/50'", MIX),
    ("tier_mix", "2/1_8/30/50", "'2/1_8/30/50'", MIX),
    ("tier_mix", [2, 18, 30, 50], "[2, 18, 30, 50], which is not text", MIX),
    ("concentration", 0, "0", CLOSE),
    ("concentration", 10_001, "10001", CLOSE),
    ("concentration", 0.5, "0.5", CLOSE),
    ("officers", -1, "-1", OFFICERS),
    ("officers", 10_001, "10001", OFFICERS),
    ("officers", "45", "'45', which is text, not a number", OFFICERS),
    ("officers", 44.5, "44.5", OFFICERS),
    ("officers", True, "True", OFFICERS),
    ("officers", 1, None, "no more than officers, which is 1"),  # the fault is that of crew
    ("crew", 5, "5", CREW),
    ("weeks", 0, "0", WEEKS),
    ("weeks", 53, "53", WEEKS),
    ("weeks", -44, "-44", WEEKS),
    ("success_share", 0, "0", SHARE),
    ("success_share", 1.01, "1.01", SHARE),
    ("success_share", float("nan"), "nan", SHARE),
    ("success_share", True, "True", SHARE),
    ("success_share", "90%", "'90%', which is text, not a number", SHARE),
    ("seed", -1, "-1", SEED),
    ("regoin", "Wales", f"{UNKNOWN} (did you mean 'region'?)", NAMES),
    ("Weeks", 44, f"{UNKNOWN} (did you mean 'weeks'?)", NAMES),
    ("as_at", "2021-03-31", UNKNOWN, NAMES),
]

# A line of YAML; what is said of it. All of them are refused, and what YAML would guess is not.
YAML = [
    ("report_year: 2024_25", "'2024_25' (did you mean '2024-25'?)"),
    ("report_year: 2021-03-31", "'2021-03-31'; allowed"),
    ("report_year: 2021", "'2021' (did you mean '2021-22'?)"),
    ("report_year:", "''; allowed"),
    ("region: No", "'No'; allowed"),
    ("region: off", "'off'; allowed"),
    ("region: ~", "'~'; allowed"),
    ("region: [Wales]", "['Wales'], which is not text"),
    ("region: {name: Wales}", "{'name': 'Wales'}, which is not text"),
    ("region: !!python/object/apply:os.abort []", "[], which is not text"),
    ("region: Wales\nregion: London", "no YAML (found a name twice, line 1)"),
    ("weeks: 012", "'012', which is text, not a number"),
    ("weeks: 0x2c", "'0x2c', which is text, not a number"),
    ("weeks: 4_4", "'4_4', which is text, not a number"),
    ("weeks: 1:04", "'1:04', which is text, not a number"),
    ("weeks: +44", "'+44', which is text, not a number"),
    (f"weeks: {'4' * 5000}", f"'{'4' * 79}…', which is text, not a number"),
    ("weeks: 44.0", "44.0; allowed"),
    ("weeks: yes", "'yes', which is text, not a number"),
    ("weeks:", "'', which is text, not a number"),
    ("success_share: .inf", "'.inf', which is text, not a number"),
    ("success_share: 1e-1", "'1e-1', which is text, not a number"),
    ("<<: {weeks: 40}", "an unknown parameter; allowed"),
    ("2021-22", "'2021-22'; allowed: lines of the form `name: value`"),
    ("- weeks: 44", "[{'weeks': '44'}]; allowed: lines"),
    ("", "nothing; allowed: lines"),
    ("# weeks: 44", "nothing; allowed: lines"),
    ("weeks: 44\n---\nweeks: 40", "no YAML (but found another document, line 2)"),
    ("weeks: 'forty", "no YAML (found unexpected end of stream, line 1)"),
    ("weeks: \x00", "no YAML (it cannot be read as such); allowed: lines"),
    ("weeks: *other", "no YAML (found undefined alias 'other', line 1)"),
    ("[" * 5000, "no YAML (it cannot be read as such)"),
    ("? [a]\n: 1", "no YAML (found unhashable key, line 1)"),
    ("weeks: &a [*a]", "no YAML (found unconstructable recursive node, line 1)"),
]


@pytest.mark.parametrize(
    ("name", "value", "found", "allowed"), WRONG, ids=lambda value: str(value)[:30]
)
def test_a_wrong_value_is_refused_with_what_was_found_and_what_is_allowed(
    name, value, found, allowed
):
    with pytest.raises(FaultError) as caught:
        read_parameters({name: value})
    (fault,) = caught.value.faults
    expected = ("crew", "2") if found is None else (name, found)
    assert (fault.where, fault.found, fault.allowed) == (*expected, allowed)
    assert str(caught.value) == f"{expected[0]}: found {expected[1]}; allowed: {allowed}"


@pytest.mark.parametrize(("text", "said"), YAML)
def test_a_file_is_read_as_it_is_written_and_yaml_guesses_are_refused(tmp_path, text, said):
    path = tmp_path / "my-edition.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultError) as caught:
        read_parameters(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert f": found {said}" in message


def test_all_faults_are_told_at_once_in_the_order_of_the_model(tmp_path):
    path = tmp_path / "my-edition.yaml"
    path.write_text("weeks: 0\nregion: Mercia\nreport_year: 2021\ntier_mix: 1/1/1/1\nofficer: 3\n")
    with pytest.raises(FaultError) as caught:
        read_parameters(path, success_share=2.0)
    names = ["officer", "report_year", "region", "tier_mix", "weeks", "success_share"]
    assert [fault.where for fault in caught.value.faults] == names
    assert str(caught.value).splitlines()[0] == f"6 faults in {path}:"


def test_the_wrong_force_is_told_beside_a_year_without_data():
    with pytest.raises(FaultError) as caught:
        read_parameters({"report_year": "2035-36", "region": "Wales", "force": "KENT"})
    assert [fault.where for fault in caught.value.faults] == ["report_year", "force"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("region: Größe\n".encode("latin-1"), "text that is not UTF-8"),
        ("weeks: 44\n".encode("utf-16"), "text that is not UTF-8"),
        (b"#" * 100_001, "more than 100,000 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content, message):
    path = tmp_path / "my-edition.yaml"
    path.write_bytes(content)
    with pytest.raises(FaultError, match=message):
        read_parameters(path)


def test_a_file_that_cannot_be_read_is_another_kind_of_error(tmp_path):
    with pytest.raises(FileError, match=r"absent\.yaml: cannot be read: No such file"):
        read_parameters(tmp_path / "absent.yaml")
    with pytest.raises(FileError, match="Is a directory"):
        read_parameters(tmp_path)
    assert (FaultError([]).exit_status, FileError.exit_status) == (1, 3)


def test_a_good_file_is_read_whatever_way_it_is_written(tmp_path):
    path = tmp_path / "my-edition.yaml"
    path.write_bytes(
        b"\xef\xbb\xbf# For the meeting\r\nreport_year: 2012-13\r\nregion: 'North East'\r\n"
        b"officers: &n 30\r\nsuccess_share: 0.8\r\nseed: 0\r\nforce: !!str DURHAM\r\n"
    )
    found = read_parameters(path)
    assert found.changed == {
        "report_year": "2012-13",
        "region": "North East",
        "force": "DURHAM",
        "officers": 30,
        "success_share": 0.8,
        "seed": 0,
    }
    assert read_parameters(path, report_year="2021-22").report_year == "2021-22"
    as_json = json.dumps(found.changed)
    assert read_parameters(parameters.read_text(as_json)) == found  # JSON is YAML too


def test_a_notebook_gets_what_it_declares_and_differs():
    found = read_parameters({"region": "Wales", "weeks": 40, "crew": 2})
    assert found.for_notebook(["report_year", "region"]) == {"region": "Wales"}
    assert found.for_notebook(Edition.model_fields) == {"region": "Wales", "weeks": 40}
    assert read_parameters({}).for_notebook(Edition.model_fields) == {}


def test_the_folder_of_an_edition_is_named_by_region_and_year():
    plain = f"west-midlands-{parameters.EditionParameters().report_year}"
    assert read_parameters({}).slug == plain
    humber = read_parameters({"region": "Yorkshire and the Humber", "report_year": "2019-20"})
    assert humber.slug == "yorkshire-and-the-humber-2019-20"
    assert read_parameters({"weeks": 44, "success_share": 1}).slug == plain


def test_other_parameters_never_take_the_place_of_the_plain_edition():
    found = [
        read_parameters(given | {"report_year": "2021-22"}).slug
        for given in ({"weeks": 40}, {"weeks": 41}, {"crew": 1}, {"weeks": 40, "crew": 1})
    ]
    assert found[0] == "west-midlands-2021-22-4d6fccd0"  # the same in every run and release
    assert len({*found, "west-midlands-2021-22"}) == 5
    given = {"crew": 1, "report_year": "2021-22", "weeks": 40}
    assert read_parameters(given).slug == found[3]  # whatever the order


def test_the_tier_mix_as_shares():
    shares = read_parameters({"tier_mix": "2.5/17.5/30/50"}).mix()
    assert shares == {"very_high": 0.025, "high": 0.175, "medium": 0.3, "low": 0.5}


def test_without_a_given_mix_or_officers_those_of_the_data_are_meant(data):
    _, read = open_edition(data, report_year="2021-22", region="West Midlands")
    assert read.mix() is None
    assert read_parameters({"officers": 0, "crew": 4}).crew == 4  # whatever the data's officers


def test_every_parameter_has_type_description_unit_reason_and_range():
    for name, field in Edition.model_fields.items():
        about = field.json_schema_extra
        assert len(field.description) > 15 and about["unit"] and len(about["reason"]) > 15, name
        assert field.default is not None and parameters.allowed(name), name
        assert isinstance(field.default, str) == bool(about["allowed"]), name


def test_the_page_on_running_it_again_lists_every_parameter_as_the_model_has_it():
    page = (Path(__file__).resolve().parents[1] / "book" / "re-run.md").read_text(encoding="utf-8")
    listed = [line for line in page.splitlines() if re.match("- `[a-z_]+`: ", line)]
    assert len(listed) == len(Edition.model_fields)
    for (name, field), line in zip(Edition.model_fields.items(), listed, strict=True):
        allowed = re.sub("'[^']*'", r"`\g<0>`", parameters.allowed(name))
        said = f"{field.description}. Allowed: {allowed}. Default: `{field.default!r}`."
        assert line == f"- `{name}`: {said}"


def test_files_and_loaded_tables_allow_the_same(data):
    stored, loaded = stored_choices(), choices(data)
    assert list(stored.regions) == list(loaded.regions) == REGIONS
    for region in [*REGIONS, "West Midlands Police"]:
        assert stored.forces(region) == loaded.forces(region)
        assert stored.years(region) == loaded.years(region)


def test_the_first_cell_of_a_notebook_says_the_same_as_the_graph(data):
    given = {"report_year": "2035-36", "region": "West Midlands", "weeks": 0, "tier_mix": "1"}
    said = []
    for ask in (lambda: read_parameters(given), lambda: open_edition(data, **given)):
        with pytest.raises(FaultError) as caught:
            ask()
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert said[0].count("\n") == 3


def test_the_tables_of_the_data_must_be_readable(tmp_path):
    with pytest.raises(FileError, match=r"areas\.csv cannot be read"):
        stored_choices(tmp_path)


def test_reading_yaml_constructs_nothing(tmp_path):
    path = tmp_path / "made"
    text = f"weeks: !!python/object/apply:pathlib.Path.touch [{path}]"
    assert parameters.read_text(text) == {"weeks": [str(path)]}
    assert not path.exists()


def test_a_value_that_would_grow_without_end_is_refused_at_once():
    bomb = "a: &a [x,x]\n" + "".join(
        f"b{i}: &b{i} [*{'a' if not i else f'b{i - 1}'},*a]\n" for i in range(50)
    )
    with pytest.raises(FaultError) as caught:
        read_parameters(parameters.read_text(f"{bomb}region: [*b49,*b49]"))
    assert len(str(caught.value)) < 20_000
