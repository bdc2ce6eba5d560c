"""`observatory template`: a return's template, made from the same columns and code sets that judge
it.
"""

from __future__ import annotations

from pathlib import Path

import click

from assets.intake.recognising import EXAMPLE_MARK, GUIDE_TITLE
from pipelines.command.standard_template import write_standard
from schemas.codes import code_set
from schemas.returns import Column, return_tables

_TEMPLATES = {"provider-census": ("provider_settings", "provider_placements")}
_STANDARD = "placements-standard"
_SHEETS = {"provider_settings": "settings", "provider_placements": "placements"}
_ROWS = 500

_EXAMPLE: dict[str, list[dict[str, str | int]]] = {
    "provider_settings": [
        {
            "urn": "EXAMPLE1", "setting_name": "Example House", "provision_type": "Children's home", "service_category": "Therapeutic",
            "host_local_authority": "Stockport", "framework": "NW Contract - Residential FPS", "registered_places": 4, "occupied_places": 2,
            "vacant_places": 1, "unavailable_places": 1, "unavailable_reason": "Staffing", "min_age": 10, "max_age": 17,
            "gender_accepted": "Any", "referrals_received": 12, "offers_made": 2,
        },
        {
            "urn": "EXAMPLE2", "setting_name": "Example Court", "provision_type": "Supported accommodation", "sa_category": "Category 2",
            "host_local_authority": "Trafford", "registered_places": 3, "occupied_places": 1, "vacant_places": 2, "unavailable_places": 0,
            "min_age": 16, "max_age": 17, "gender_accepted": "Any",
        },
    ],
    "provider_placements": [
        {
            "urn": "EXAMPLE1", "placing_local_authority": "Stockport", "placement_start_date": "01/09/2024", "age": 14, "weekly_fee": 5200,
            "sourcing_route": "NW Contract - Residential FPS or previous", "notice_given": "No",
        },
        {
            "urn": "EXAMPLE1", "placing_local_authority": "Manchester", "placement_start_date": "15/01/2025", "age": 12, "weekly_fee": 5450,
            "sourcing_route": "Direct Award / Off Framework", "notice_given": "Yes",
        },
        {"urn": "EXAMPLE2", "placing_local_authority": "Trafford", "placement_start_date": "03/02/2025", "age": 17, "weekly_fee": 1150},
    ],
}  # fmt: skip
"""A worked example of each table. Its URNs are none, so that a row of it that is copied among the
real ones is rejected.
"""


@click.command("template")
@click.argument("name", type=click.Choice([*_TEMPLATES, _STANDARD]))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The .xlsx to write.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option(
    "--filled",
    is_flag=True,
    help="placements-standard: with made-up searches below its example, to try it with.",
)
def command(name: str, out: Path, *, force: bool, filled: bool) -> None:
    """Write a return's template: an .xlsx with drop-downs, a note at each column, a guide and a
    worked example that is never read.
    """
    if filled and name != _STANDARD:
        raise click.UsageError(
            f"--filled is of {_STANDARD} alone: the template of {name} has its example on a sheet"
            " of its own. Leave it out."
        )
    if out.suffix.lower() != ".xlsx":
        raise click.UsageError(
            f"'{out.name}' is no name of a workbook; one that ends in .xlsx was expected. Give"
            " --out with such a name."
        )
    if not out.parent.is_dir():
        raise click.UsageError(
            f"There is no folder {out.parent}; one that exists was expected. Make it first, or give"
            " another --out."
        )
    if out.exists() and not force:
        raise click.UsageError(
            f"{out} is there already; a new file was expected. Give another name, or --force to"
            " write over it."
        )
    if name == _STANDARD:
        write_standard(out, filled=filled)
    else:
        write_template(name, out)
    print(f"Written: {out}")


def write_template(name: str, out: Path) -> None:
    """Write the template `name` to `out`."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(out)) as book:
        title = book.add_format({"bold": True, "font_size": 16})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        header = book.add_format(
            {
                "bold": True,
                "bg_color": "#12436D",
                "font_color": "#FFFFFF",
                "text_wrap": True,
                "valign": "vcenter",
                "border": 1,
                "locked": True,
            }
        )
        needed = book.add_format(
            {
                "bold": True,
                "bg_color": "#12436D",
                "font_color": "#FFFFFF",
                "text_wrap": True,
                "valign": "vcenter",
                "border": 1,
                "bottom": 5,
                "bottom_color": "#F46A25",
                "locked": True,
            }
        )
        open_cell = book.add_format({"locked": False})
        text_cell = book.add_format({"locked": False, "num_format": "@"})
        guide = book.add_worksheet("guide")
        lists = book.add_worksheet("lists")
        lists.hide()
        places: dict[str, str] = {}
        guide.set_column(0, 0, 26)
        guide.set_column(1, 2, 70)
        guide.write(0, 0, GUIDE_TITLE, title)
        guide.write(
            1,
            0,
            "Fill in the sheets settings and placements, one row each as described below, and send"
            " the workbook. Keep the header rows.",
        )
        guide.write(
            2,
            0,
            "Give no child's name, reference or date of birth: such a column is dropped on receipt"
            " and you are told.",
        )
        guide.write(
            3,
            0,
            "The sheet example shows both sheets filled in. Nothing on it is read: leave it or"
            " delete it.",
        )
        row = 5
        for table_name in _TEMPLATES[name]:
            table = return_tables()[table_name]
            guide.write(row, 0, f"Sheet {_SHEETS[table_name]}: {table.grain}", bold)
            row += 1
            for place, text in enumerate(("column", "what it means", "what is accepted")):
                guide.write(row, place, text, header)
            row += 1
            sheet = book.add_worksheet(_SHEETS[table_name])
            sheet.freeze_panes(1, 1)
            sheet.set_row(0, 32)
            sheet.protect(
                "",
                {
                    "insert_rows": True,
                    "delete_rows": True,
                    "sort": True,
                    "autofilter": True,
                    "format_columns": True,
                },
            )
            for place, column in enumerate(table.columns):
                guide.write(row, 0, column.name + (" (needed)" if column.needed else ""), bold)
                guide.write(row, 1, column.field.description, wrap)
                guide.write(row, 2, _accepted(column), wrap)
                row += 1
                sheet.set_column(
                    place,
                    place,
                    max(14, len(column.name) + 2),
                    text_cell if column.type in {"urn", "text", "authority"} else open_cell,
                )
                sheet.write(0, place, column.name, needed if column.needed else header)
                sheet.write_comment(0, place, column.field.description, {"x_scale": 2})
                _validate(sheet, lists, places, column, place)
            row += 1
        _write_example(book.add_worksheet("example"), name, title, header, wrap)
        book.get_worksheet_by_name("settings").activate()


def _write_example(sheet, name: str, title, header, wrap) -> None:
    """Both tables filled in, one below the other, under words by which the sheet is known for an
    example and left alone.
    """
    sheet.protect()
    sheet.write(0, 0, f"{EXAMPLE_MARK}. Fill in the sheets settings and placements.", title)
    row = 2
    for table_name in _TEMPLATES[name]:
        columns = return_tables()[table_name].columns
        sheet.write(row, 0, f"Example of the sheet {_SHEETS[table_name]}")
        for place, column in enumerate(columns):
            sheet.set_column(place, place, 22)
            sheet.write(row + 1, place, column.name, header)
            for below, example in enumerate(_EXAMPLE[table_name], start=2):
                sheet.write(row + below, place, example.get(column.name, ""), wrap)
        row += len(_EXAMPLE[table_name]) + 4


def _accepted(column: Column) -> str:
    if column.codes:
        return "; ".join(code_set(column.codes).labels)
    limits = (
        f", {column.minimum:g} or more"
        if column.minimum is not None and column.maximum is None
        else ""
    )
    limits = (
        f", {column.minimum:g} to {column.maximum:g}"
        if column.minimum is not None and column.maximum is not None
        else limits
    )
    kinds = {
        "integer": f"a whole number{limits}", "money": f"pounds and pence{limits}", "date": "a date, such as 31/03/2025", "yes_no": "Yes or No",
        "urn": "Ofsted's URN, such as SC123456 or 1234567", "authority": "a local authority's name or code",
    }  # fmt: skip
    return kinds.get(column.type, "text")


def _validate(sheet, lists, places: dict[str, str], column: Column, place: int) -> None:
    """A drop-down or a limit on the column's cells; a warning only, so that a careful sender is
    never locked out.
    """
    options: dict = {
        "error_type": "warning",
        "input_title": column.name[:32],
        "input_message": column.field.description[:250],
    }
    if column.codes or column.type == "yes_no":
        labels = list(code_set(column.codes).labels) if column.codes else ["Yes", "No"]
        key = column.codes or "yes_no"
        if key not in places:
            at = len(places)
            lists.write_column(0, at, labels)
            letter = chr(ord("A") + at)
            places[key] = f"=lists!${letter}$1:${letter}${len(labels)}"
        options |= {"validate": "list", "source": places[key]}
    elif column.type in {"integer", "money"}:
        kind = "integer" if column.type == "integer" else "decimal"
        low, high = column.minimum or 0, column.maximum
        options |= (
            {"validate": kind, "criteria": "between", "minimum": low, "maximum": high}
            if high is not None
            else {"validate": kind, "criteria": ">=", "value": low}
        )
    elif column.type == "date":
        import datetime as dt

        options |= {"validate": "date", "criteria": ">=", "value": dt.date(1990, 1, 1)}
    else:
        options |= {"validate": "any"}
    sheet.data_validation(1, place, _ROWS, place, options)
