"""The statutory XML: the same rows as from CSV; hostile XML refused; nothing of a return rejects
what lies beside it.
"""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

import pytest

from assets.intake.statutory_xml import MAX_DEPTH, MAX_TEXT, is_statutory, read_statutory
from assets.intake.workbooks import CannotRead
from schemas.rules import rules
from tests.unit.at_the_door import csv_of, header_of, held_up

CHILDREN = [
    {"CHILD": "A1", "SEX": "M", "DOB": "05/06/2012", "ETHNIC": "WBRI", "UPN": "A123456789012"},
    {"CHILD": "A2", "SEX": "F", "DOB": "07/08/2009", "ETHNIC": "WIRI"},
    {"CHILD": "A3", "SEX": "F", "DOB": "07/08/2009", "ETHNIC": "AOTH"},
]
EPISODES = [
    {"CHILD": "A1", "DECOM": "01/04/2024", "RNE": "S", "LS": "C2", "CIN": "N1", "PLACE": "K2", "PLACE_PROVIDER": "PR4",
     "HOME_POST": "ZE1 0AA", "PL_POST": "ZE1 0BB", "URN": "SC100001"},
    {"CHILD": "A1", "DECOM": "01/04/2023", "RNE": "S", "LS": "C2", "CIN": "N1", "PLACE": "U4", "PLACE_PROVIDER": "PR4",
     "DEC": "01/04/2024", "REC": "X1", "REASON_PLACE_CHANGE": "CARPL"},
    {"CHILD": "A2", "DECOM": "02/04/2024", "RNE": "S", "LS": "V9", "CIN": "N1", "PLACE": "K2", "PLACE_PROVIDER": "PR4"},
]  # fmt: skip
UNACCOMPANIED = [{"CHILD": "A3", "SEX": "F", "DOB": "07/08/2009", "DUC": "07/08/2027"}]
MISSING = [
    {
        "CHILD": "A1",
        "DOB": "05/06/2012",
        "MISSING": "M",
        "MIS_START": "01/05/2024",
        "MIS_END": "02/05/2024",
    }
]
ORDERS = [{"CHILD": "A1", "DOB": "05/06/2012", "DOLO_START": "01/06/2024", "DOLO_END": ""}]
IN_XML = {"CHILD": "CHILDID", "PLACE": "PL"}


def _elements(row: dict[str, str], but: tuple[str, ...] = ()) -> str:
    names = ((IN_XML.get(name, name), value) for name, value in row.items() if name not in but)
    return "".join(
        f"<{name}>{escape(value)}</{name}>" if value else f"<{name} />" for name, value in names
    )


def _groups(rows: list[dict[str, str]], tag: str, child: str) -> str:
    """The rows of a child, each a group of elements."""
    return "".join(
        f"<{tag}>{_elements(row, ('CHILD', 'DOB', 'SEX'))}</{tag}>"
        for row in rows
        if row["CHILD"] == child
    )


def as_xml() -> str:
    """The returns above, as the statutory XML has them."""
    children = []
    for child in CHILDREN:
        alone = next((row for row in UNACCOMPANIED if row["CHILD"] == child["CHILD"]), None)
        mark = f"<UASC>1</UASC><DUC>{alone['DUC']}</DUC>" if alone else "<UASC />"
        review = "<AREVIEW><REVIEW>28/01/2025</REVIEW><REVIEW_CODE>PN3</REVIEW_CODE></AREVIEW>"
        name = child["CHILD"]
        header = f"<HEADER>{_elements(child)}{mark}{review}{_groups(MISSING, 'AMISSING', name)}{_groups(ORDERS, 'ADOLO', name)}</HEADER>"
        children.append(f"<CHILD>{header}{_groups(EPISODES, 'EPISODE', name)}</CHILD>")
    return (
        f"<?xml version='1.0' encoding='us-ascii'?>\n<EXPSSDA903>{''.join(children)}</EXPSSDA903>"
    )


def as_csv(rows: list[dict[str, str]], table: str) -> str:
    header = header_of(table)
    return "\n".join(
        [",".join(header), *(",".join(row.get(name, "") for name in header) for row in rows)]
    )


def as_zip(**parts: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def csv_files() -> dict[str, str]:
    return {
        "header.csv": as_csv(CHILDREN, "ssda903_header"),
        "episodes.csv": as_csv(EPISODES, "ssda903_episodes"),
        "uasc.csv": as_csv(UNACCOMPANIED, "ssda903_uasc"),
        "missing.csv": "\n".join(
            [",".join(MISSING[0]), *(",".join(row.values()) for row in MISSING)]
        ),
        "dolo.csv": as_csv(ORDERS, "ssda903_dolo"),
        "reviews.csv": "\n".join(
            [
                "CHILD,DOB,REVIEW,REVIEW_CODE",
                *(f"{c['CHILD']},{c['DOB']},28/01/2025,PN3" for c in CHILDREN),
            ]
        ),
    }


WHERE = ["submission_id", "sheet", "row_number"]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "in a zip"])
def test_the_xml_gives_the_rows_and_findings_that_the_csv_files_give(packed):
    by_csv = held_up(as_zip(**csv_files()))
    by_xml = held_up(as_zip(**{"return.xml": as_xml()}) if packed else as_xml())
    assert by_xml.books == by_csv.books
    assert [t.table.name for t in by_xml.tables] == [t.table.name for t in by_csv.tables]
    for mine, theirs in zip(by_xml.tables, by_csv.tables, strict=True):
        if mine.table.leave_alone:
            continue
        order = [c for c in mine.rows.columns if c not in WHERE]
        one, other = (
            t.rows[order].fillna("").sort_values(order, ignore_index=True) for t in (mine, theirs)
        )
        assert one.to_dict("list") == other.to_dict("list")
        assert sorted(mine.findings["rule"]) == sorted(theirs.findings["rule"])
    assert {t.table.name: b for t, b in zip(by_xml.tables, by_xml.books, strict=True)}[
        "ssda903_episodes"
    ] == (3, 2, 1, 0)


def test_an_element_that_no_table_asks_for_is_told_and_dropped_as_a_column_is():
    xml = (
        as_xml()
        .replace("<ETHNIC>WBRI", "<NICKNAME>Zed</NICKNAME><ETHNIC>WBRI")
        .replace("</EPISODE>", "<SEEN>yes</SEEN></EPISODE>", 1)
    )
    answer = held_up(xml)
    assert answer.about_files.count("column_dropped") == 2
    assert "Zed" not in answer.said


def test_a_group_of_elements_that_no_table_has_is_told():
    xml = as_xml().replace("</CHILD>", "<NOVELTY><WHEN>x</WHEN><WHAT>y</WHAT></NOVELTY></CHILD>", 1)
    answer = held_up(xml)
    assert [f.rule for f in answer.submissions[0].findings if f.rule == "sheet_not_recognised"] == [
        "sheet_not_recognised"
    ]
    assert not answer.submissions[0].is_rejected


def test_of_an_element_that_comes_twice_neither_is_lost():
    xml = as_xml().replace("<SEX>M</SEX>", "<SEX>M</SEX><SEX>F</SEX>")
    assert "column_dropped" in held_up(xml).about_files


def _bomb() -> str:
    entities = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 10))
    return (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY b0'
        f' "lol">{entities}]><EXPSSDA903><CHILD>&b9;</CHILD></EXPSSDA903>'
    )


HOSTILE = {
    "a bomb": _bomb(),
    "a file of the server": (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM'
        ' "file:///etc/passwd">]><EXPSSDA903><CHILD>&e;</CHILD></EXPSSDA903>'
    ),
    "another server": (
        '<!DOCTYPE EXPSSDA903 SYSTEM "http://example.com/x.dtd"><EXPSSDA903></EXPSSDA903>'
    ),
    "an entity that nobody declared": as_xml().replace("WBRI", "&what;"),
    "depth": f"<EXPSSDA903>{'<CHILD>' * 100_000}",
    "a little depth": f"<EXPSSDA903>{'<a>' * MAX_DEPTH}{'</a>' * MAX_DEPTH}</EXPSSDA903>",
    "a value without end": as_xml().replace("WBRI", "W" * (MAX_TEXT + 1)),
    "one element many times": (
        as_xml().replace("<SEX>M</SEX>", "".join(f"<SEX>{n}</SEX>" for n in range(100)))
    ),
    "cut off": as_xml()[:-40],
    "another root within": (
        as_xml()
        .replace("<EXPSSDA903>", "<ROOT><EXPSSDA903>", 1)
        .replace("</EXPSSDA903>", "</EXPSSDA903></ROOT>")
    ),
    "in two bytes a letter": _bomb().replace('"1.0"', '"1.0" encoding="utf-16"').encode("utf-16"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_and_nothing_of_it_told(name):
    content = HOSTILE[name]
    answer = held_up(content)
    assert answer.submissions[0].is_rejected
    assert answer.tables == []
    assert {rules()[r].severity for r in answer.about_files} == {"rejects the file"}
    assert "root:" not in answer.said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_that_xml_has_is_read(encoding):
    xml = as_xml().replace("us-ascii", encoding.removesuffix("-sig"))
    assert held_up(xml.encode(encoding)).books[0] == (3, 3, 0, 0)


def test_another_xml_is_none_of_ours():
    assert not is_statutory(b"<?xml version='1.0'?><html><EXPSSDA></EXPSSDA></html>")
    with pytest.raises(CannotRead):
        read_statutory(b"<other/>")


# --- neighbours
# ---------------------------------------------------------------------------------------

BESIDE = {
    "an unknown table": ("thoughts.csv", "what,ever\n1,2\n"),
    "one that resembles the placed": (
        "placed.csv",
        "CHILD,DOB,PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED\nA1,05/06/2012,01/05/2024,,\n",
    ),
    "one that resembles the header": (
        "header of last year.csv",
        "CHILD,SEX,DOB,UPN\nA1,M,05/06/2012,X\n",
    ),
    "an empty file": ("uasc.csv", ""),
    "a picture": ("uasc.csv", b"\x89PNG1234"),
    "an open quotation": (
        "uasc.csv",
        'CHILD,SEX,DOB,DUC\nA1,M,"05/06/2012,05/06/2030\nA2,F,05/06/2012,05/06/2030\n',
    ),
    "a zip again": ("uasc.csv", as_zip(a="b")),
    "another's return": ("register.csv", csv_of("register_providers", [{}])),
    "two columns for one": (
        "uasc.csv",
        "CHILD,SEX,DOB,DUC,DUC\nA1,M,05/06/2012,01/05/2030,02/05/2030\n",
    ),
    "a table of which nothing loads": (
        "dolo.csv",
        "CHILD,DOB,DOLO_START,DOLO_END\nA1,05/06/2012,soon,\n",
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_nothing_rejects_the_tables_that_lie_beside_it(name):
    file, content = BESIDE[name]
    good = {
        "episodes.csv": csv_of("ssda903_episodes", [{}]),
        "header.csv": csv_of("ssda903_header", [{}]),
    }
    answer = held_up(as_zip(**good, **{file if file not in good else f"2 {file}": content}))
    assert not answer.submissions[0].is_rejected
    loaded = {t.table.name: book[1] for t, book in zip(answer.tables, answer.books, strict=True)}
    assert loaded["ssda903_episodes"] == loaded["ssda903_header"] == 1
    said = [f.rule for f in answer.submissions[0].findings]
    assert {"table_left_out", "sheet_not_recognised", "nothing_loaded_of_one"} & set(said), said


def test_a_return_of_another_year_beside_it_is_a_fault_of_all():
    header = (
        csv_of("ssda903_header", [{}])
        .replace("CHILD", "YEAR,CHILD")
        .replace("KIDREF1", "2019,KIDREF1")
    )
    answer = held_up(
        as_zip(**{"episodes.csv": csv_of("ssda903_episodes", [{}]), "header.csv": header})
    )
    assert answer.submissions[0].is_rejected


LEFT_ALONE = {
    "SWEpisodes": "CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON",
    "Missing": "CHILD,DOB,MISSING,MIS_START,MIS_END",
    "Reviews": "CHILD,DOB,REVIEW,REVIEW_CODE",
    "OC2": (
        "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS,TEETH_CHECK,HEALTH_ASSESSMENT,SUBSTANCE_MISUSE,"
        "INTERVENTION_RECEIVED,INTERVENTION_OFFERED"
    ),
    "AD1": "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR",
    "PrevPerm": "CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM",
    "sBPFA": "CHILD,DOB,DATE_BEST,DATE_PLAN",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_a_table_of_the_return_that_is_not_needed_is_set_aside_politely(name):
    header = LEFT_ALONE[name]
    row = ",".join("A1" if column == "CHILD" else "" for column in header.split(","))
    answer = held_up(
        as_zip(**{"a.csv": f"{header}\n{row}\n", "header.csv": csv_of("ssda903_header", [{}])})
    )
    assert answer.about_files == []
    assert {t.table.name: b for t, b in zip(answer.tables, answer.books, strict=True)}[
        "ssda903_other"
    ] == (1, 0, 0, 1)
