"""What the tests of the intake share: one good row of every layout, and a return held up to the
door without landing place or warehouse.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import dataclass

import pandas as pd

from assets.intake.door import JudgedTable, Submission, judge, open_submission
from resources.landing import LandedFile
from schemas.returns import return_tables
from schemas.rules import NOTES

DAY = dt.date(2025, 3, 31)
KEY = b"a key that only the tests use"
SENDERS = {
    "ofsted": "ofsted",
    "dfe": "dfe",
    "mhclg": "mhclg",
    "authority": "356",
    "provider": "provider-acorn",
}

GOOD: dict[str, dict[str, str]] = {
    "register_changes": {
        "urn": "SC100001", "provision_type": "Children's home", "local_authority": "Stockport", "sector": "Private", "places": "3",
        "joiner_status": "Joiner", "leaver_status": "", "change_reason": "Newly registered", "setting_name": "REDACTED",
        "registration_date": "01/02/2020", "resigned_date": "", "closed_date": "", "cancelled_date": "",
    },
    "register_premises": {
        "urn": "2700001", "setting_name": "Acorn Living", "provision_type": "Supported accommodation", "registration_date": "01/02/2024",
        "registration_status": "Active", "sa_category": "Category 2", "places": "4", "local_authority": "Stockport", "sector": "Private",
        "provider_name": "Acorn Ltd",
    },
    "register_inspections": {
        "urn": "SC100001", "provision_type": "Children's home", "local_authority": "Stockport", "in_year_event": "Full inspection",
        "inspection_date": "04/10/2024", "grade": "Good",
    },
    "register_provider_levels": {
        "urn": "SC100001", "provision_type": "Children's home", "registration_date": "01/02/2020", "registration_status": "Active",
        "setting_name": "REDACTED",
        "local_authority": "Stockport", "sector": "Private", "places": "3", "premises": "", "short_break_only": "", "multi_building": "",
        "provider_name": "Acorn Ltd", "inspection_event": "Full inspection", "inspection_date": "04/10/2024", "grade": "Good",
        "supported_outcome": "",
    },
    "register_providers": {
        "urn": "SC100001", "provision_type": "Children's home", "registration_date": "01/02/2020", "registration_status": "Active",
        "setting_name": "REDACTED",
        "local_authority": "Stockport", "sector": "Private", "places": "3", "premises": "", "short_break_only": "", "multi_building": "",
        "provider_name": "Acorn Ltd",
    },
    "placement_census": {
        "looked_after_child": "Yes", "placing_authority": "Stockport", "identifier": "KIDREF1", "age": "14", "gender": "Male",
        "sourcing_route": "NW Contract - Residential FPS or previous", "organisation": "Acorn Ltd", "provider_urn": "SC100001",
        "establishment": "Oak House",
        "host_authority": "Trafford", "type_of_provision": "Residential - External (Commissioned)", "uasc": "No", "total_weekly_cost": "£4,500.00",
        "contribution_social_care": "3000", "contribution_education": "1000", "contribution_health": "500", "ethnic_group": "WBRI",
        "placement_start_date": "01/09/2024", "send": "EHCP", "primary_send_category": "None", "primary_send_need": "None",
        "registration_type": "Ofsted",
        "establishment_urn": "SC100001", "distance_reason": "Not applicable",
    },
    "provider_settings": {
        "urn": "SC100001", "setting_name": "Oak House", "provision_type": "Children's home", "service_category": "Mainstream", "sa_category": "",
        "host_local_authority": "Stockport", "postcode": "ZZ99 9ZZ", "framework": "FPS", "lot": "1", "registered_places": "4", "occupied_places": "2",
        "vacant_places": "1", "unavailable_places": "1", "unavailable_reason": "Staffing", "households": "", "min_age": "8", "max_age": "17",
        "gender_accepted": "Any", "referrals_received": "12", "offers_made": "3",
    },
    "provider_placements": {
        "urn": "SC100001", "placing_local_authority": "Stockport", "placement_start_date": "01/09/2024", "age": "14", "weekly_fee": "4500",
        "sourcing_route": "Block Contract - Local", "notice_given": "No",
    },
    "in_house_fostering": {
        "approval_type": "Mainstream", "households": "120", "approved_places": "190", "children_placed": "150", "vacant_places": "25",
        "not_available_places": "15",
    },
    "fostering_gains": {
        "approval_type": "Mainstream", "households_at_start": "120", "enquiries": "40", "applications": "10", "approvals": "6", "transfers_in": "1",
        "transfers_out": "2", "ended_retired": "1", "ended_moved_agency": "1", "ended_permanence": "1", "ended_standards": "0", "ended_other": "1",
        "places_gained": "12", "places_lost": "8", "na_carer_break": "3", "na_health": "2", "na_matching": "4", "na_review": "1", "na_other": "0",
        "approved_babies": "20", "approved_five_to_ten": "40", "approved_eleven_up": "30", "approved_siblings": "15", "approved_unaccompanied": "5",
    },
    "contracts_register": {
        "contract_provider": "Acorn Ltd", "framework": "FPS", "lot": "1", "contract_start": "01/04/2024", "contract_end": "31/03/2028",
        "contract_break": "31/03/2026", "contract_review": "30/09/2025",
    },
    "fee_requests": {
        "urn": "SC100001", "identifier": "KIDREF1", "asked_on": "01/02/2025", "fee_asked": "4800", "fee_agreed": "4650", "fee_from": "01/03/2025",
        "fee_reason": "Inflation",
    },
    "planned_homes": {
        "planned_authority": "Stockport", "beds": "3", "planned_category": "Solo", "stage": "Planning granted", "expected_opening": "01/09/2025",
    },
    "placements_standard": {
        "child_id": "KIDREF1", "needed_by": "< 5 days", "siblings_to_place_with": "1",
        "is_preferred_location_local": "No", "out_of_area_reason": "Court order",
        "out_of_area_reason_other": "", "communication_needs": "Yes",
        "communication_requirements": "ESOL, BSL", "communication_requirements_other": "",
        "home_adaptation": "No", "cultural_needs": "Not Known", "cultural_needs_other": "",
        "living_companions": "No preference", "pets": "Yes-can",
        "additional_support": "Taxis to school", "additional_support_other": "",
        "deprivation_of_liberty_order": "No", "foster_care_suitability": "Preferred",
        "residential_care_suitability": "Suitable but not preferred",
        "supported_accommodation_suitability": "Unsuitable", "risk_self_harm": "No known risk",
        "risk_criminal_exploitation": "No known risk", "risk_drugs_and_alcohol": "No known risk",
        "risk_eating_disorder": "No known risk", "risk_going_missing": "No known risk",
        "risk_sexual_exploitation": "No known risk",
        "risk_to_others_physical_harm": "No known risk",
        "risk_to_others_sexual_harm": "No known risk",
        "risk_to_others_fire_setting": "No known risk",
        "risk_to_others_harm_to_animals": "No known risk",
        "risk_to_others_criminal_exploitation": "No known risk", "risk_to_others_other": "",
        "cost_core_weekly": "", "cost_additional_support_weekly": "", "cost_education_weekly": "",
        "cost_other_weekly": "", "cost_total_weekly": "", "placement_location": "",
        "is_location_preferred": "", "education_continuity": "", "placed_urn": "",
        "siblings_placed_together": "", "type_placed": "", "officer_referral": "KIDREF1 Officer",
        "referral_date": "12/02/2025", "officer_placement": "", "placement_date": "",
        "officer_cost": "", "cost_date": "",
    },
    "high_cost_placements": {"identifier": "KIDREF1", "weekly_cost": "9500", "review_date": "01/06/2025", "review_outcome": "Step down"},
    "register_list_homes": {
        "urn": "SC100001", "provision_type": "Children's home", "provider_subtype": "", "registration_date": "01/02/2020",
        "registration_status": "Active",
        "setting_name": "Oak House", "local_authority": "Stockport", "postcode": "ZZ99 9ZZ", "sector": "Private",
        "places": "3", "placement_code": "K2",
        "provider_name": "Acorn Ltd",
        "grade": "Good", "emotional_and_behavioural": "Y", "mental_disorders": "N", "sensory_impairment": "N", "alcohol_problems": "N",
        "drug_problems": "N", "learning_difficulty": "N", "physical_disabilities": "N", "conditions": "",
    },
    "register_list_premises": {
        "urn": "2700001", "setting_name": "Acorn Living", "registration_date": "01/02/2024", "registration_status": "Active",
        "sa_category": "Category 2",
        "places": "4", "local_authority": "Stockport", "postcode": "ZZ99 9ZZ", "sector": "Private", "provider_name": "Acorn Ltd",
    },
    "lait_measures": {"lait_measure": "LACnum", "lait_period": "2025", "la_number": "356", "statistics_area": "Stockport", "figure_value": "485"},
    "revenue_outturn": {
        "statistics_area": "E08000007", "statistics_area_name": "Stockport MBC", "looked_after_expenditure": "39545.98",
        "looked_after_net": "38849.98", "residential_expenditure": "19081.36", "fostering_expenditure": "12729.05",
        "unaccompanied_expenditure": "7735.57", "other_looked_after_expenditure": "0",
    },
    "fostering_statistics": {
        "statistics_area": "Stockport", "area_kind": "authority", "fostering_topic": "Places", "fostering_sub_topic": "Fostering Places",
        "fostering_item": "Number of filled places", "figure_value": "195",
    },
    "authority_inspections": {
        "inspected_authority": "E08000007", "inspection_date": "28/03/2022", "overall_effectiveness": "Good", "leadership_judgement": "Good",
        "protection_judgement": "Good", "care_judgement": "Good", "care_leavers_judgement": "Good",
    },
    "authority_inspection_history": {
        "inspected_authority": "E08000007", "inspection_date": "28/03/2022", "overall_effectiveness": "Good", "leadership_judgement": "Good",
        "protection_judgement": "Good", "care_judgement": "Good", "care_leavers_judgement": "Good", "inspection_type": "ILACS Focused Visit",
        "visit_date": "26/03/2025", "visit_theme": "Children in care",
    },
    "ultimate_owners": {"urn": "SC100001", "ultimate_owner": "Acorn Group", "setting_name": "REDACTED", "provider_name": "Acorn Ltd"},
    "official_statistics": {
        "time_period": "2025", "time_identifier": "Reporting year", "geographic_level": "Local authority", "country_code": "E92000001",
        "country_name": "England", "statistics_region_code": "E12000002", "statistics_region_name": "North West", "old_la_code": "356",
        "la_name": "Stockport", "new_la_code": "E08000007", "filter_1": "Age group", "filter_2": "1 to 4 years", "filter_3": "", "filter_4": "",
        "figure_count": "47", "figure_percent": "10", "figure_rate": "7", "figure_population": "64311",
    },
    "ssda903_header": {
        "child": "KIDREF1", "sex": "1", "date_of_birth": "05/06/2012", "ethnic": "WBRI", "upn": "A123456789012", "mother": "", "mother_child_dob": "",
    },
    "ssda903_episodes": {
        "child": "KIDREF1", "decom": "01/04/2024", "reason_new_episode": "S", "legal_status": "C2", "category_of_need": "N1", "place": "K2",
        "place_provider": "PR4", "dec": "", "reason_episode_ceased": "", "reason_place_change": "", "home_postcode": "ZE1 0AA",
        "placement_postcode": "ZE1 0BB",
        "placement_urn": "SC100001",
    },
    "ssda903_uasc": {"child": "KIDREF1", "sex": "1", "date_of_birth": "05/06/2012", "duc": "05/06/2030"},
    "ssda903_oc3": {"child": "KIDREF1", "date_of_birth": "05/06/2004", "in_touch": "YES", "activity": "F2", "accommodation": "U1"},
    "ssda903_dolo": {"child": "KIDREF1", "date_of_birth": "05/06/2012", "dolo_start": "01/05/2024", "dolo_end": ""},
}  # fmt: skip
"""One row of every layout that nothing can be said against, as text by column, on 31 March 2025."""

TABLES = list(GOOD)


def sender_for(table: str) -> str:
    """A folder from which the table is expected."""
    return SENDERS[return_tables()[table].senders[0]]


def header_of(table: str, columns: list[str] | None = None) -> list[str]:
    """The first header of each column that the table's good row has."""
    return [return_tables()[table].column(name).headers[0] for name in columns or GOOD[table]]


def csv_of(table: str, rows: list[dict[str, str]]) -> str:
    """A return as CSV: good rows, each with the changes given."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header_of(table))
    writer.writerows(
        [[{**GOOD[table], **changes}[name] for name in GOOD[table]] for changes in rows]
    )
    return text.getvalue()


class _Held:
    """Bytes that stand for a path."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def open(self, _: str) -> io.BytesIO:
        return io.BytesIO(self.data)


@dataclass(frozen=True)
class Answer:
    """What the door made of the files that came together."""

    submissions: list[Submission]
    tables: list[JudgedTable]

    @property
    def about_files(self) -> list[str]:
        """The rules of the findings about files and sheets, notes left out."""
        from schemas.rules import rule

        return [
            f.rule for s in self.submissions for f in s.findings if rule(f.rule).severity != NOTES
        ]

    @property
    def about_rows(self) -> list[tuple[int, str, str]]:
        """The findings about rows: row number, column as the sender knows it, rule."""
        return sorted(
            (r.row_number, r.column_name, r.rule)
            for t in self.tables
            for r in t.findings.itertuples()
        )

    @property
    def books(self) -> list[tuple[int, int, int, int]]:
        """Received, loaded, rejected and set aside, by table and submission."""
        counts = ["rows_received", "rows_loaded", "rows_rejected", "rows_set_aside"]
        return [
            tuple(map(int, row))
            for t in self.tables
            for row in t.books[counts].itertuples(index=False)
        ]  # type: ignore[misc]

    @property
    def rows(self) -> pd.DataFrame:
        """The rows of the only table."""
        assert len(self.tables) == 1
        return self.tables[0].rows

    @property
    def said(self) -> str:
        """Everything that leaves the door, in one text: rows, findings, books, findings about
        files.
        """
        frames = [frame.to_csv() for t in self.tables for frame in (t.rows, t.findings, t.books)]
        return "\n".join([*frames, *(repr(f) for s in self.submissions for f in s.findings)])


def held_up(
    *files: str | bytes, sender: str = "356", date: dt.date = DAY, too_large: bool = False
) -> Answer:
    """Hold files of one sender up to the door together. Whatever they are, the books balance and
    every row of `raw` is valid.

    `too_large`: their sheets are let go, as those of large returns are.
    """
    submissions = []
    for number, content in enumerate(files):
        data = content.encode("utf-8") if isinstance(content, str) else content
        received = dt.datetime(2025, 4, 1, 12, number, tzinfo=dt.UTC)
        submissions.append(
            open_submission(
                f"s{number}",
                LandedFile(date, sender, f"{number}.csv", _Held(data), len(data), received),
                f"h{number}",
            )
        )
    answer = Answer(
        submissions, judge(submissions, date, KEY, letting_go=submissions if too_large else ())
    )
    for received, loaded, rejected, set_aside in answer.books:
        assert received == loaded + rejected + set_aside
    assert sum(book[0] for book in answer.books) == sum(len(table.rows) for table in answer.tables)
    for table in answer.tables:
        assert set(table.rows["fate"]) <= {"loaded", "rejected", "set aside"}
        for text in table.rows["as_received"].dropna():
            assert isinstance(json.loads(text), dict)
    return answer


def good(table: str, *changes: dict[str, str], date: dt.date = DAY) -> Answer:
    """Hold up good rows of one table, each with the changes given; episodes come with a header of
    their children. The answer is the table's alone.
    """
    files = [csv_of(table, list(changes))]
    if table == "ssda903_episodes":
        children = dict.fromkeys({**GOOD[table], **row}["child"] for row in changes)
        files.append(
            csv_of(
                "ssda903_header", [{"child": child} for child in children if child.strip()] or [{}]
            )
        )
    answer = held_up(*files, sender=sender_for(table), date=date)
    return Answer(
        answer.submissions[:1], [judged for judged in answer.tables if judged.table.name == table]
    )
