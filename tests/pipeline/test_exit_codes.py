"""Exit codes for cron: what `run` and `status --check` end with, on the first day and on the
second.

Belongs here: codes by what is recorded of a quarter. That commands given out of turn end with 2 is
held by `test_by_mistake`.
"""

from __future__ import annotations

from dataclasses import replace

from assets.answering.outbox import answer_quarter
from assets.projection import table as projection
from assets.publication import drafts, lifecycle
from assets.publication.approval import approve
from assets.publication.disclosure.verdict import Verdict
from assets.publication.drafts import make_draft
from pipelines import running
from tests import builders
from tests.conftest import KEY
from tests.pipeline.test_by_mistake import TEXT, ask
from tests.pipeline.test_lifecycle import DATE, REGION, drop, held, templates
from tests.releasing import APPROVER


def test_status_check_ends_with_1_while_something_is_due_and_with_0_when_nothing_is(
    held, ask, landing, tmp_path, monkeypatch
):
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())

    def checked() -> tuple[int, str]:
        monkeypatch.setenv("OBSERVATORY_LANDING", str(landing.root))
        return ask(held, "status", "--check", "--census-date", TEXT)

    drop(landing, TEXT, 40)  # the very returns that are held
    code, said = checked()
    assert code == 1 and f"To bring up to date: {TEXT}. Use `observatory run`." in said
    projection.rewrite(held, DATE)
    answer_quarter(held, landing.place, str(tmp_path / "outbox"), DATE, KEY)
    code, said = checked()
    assert (
        code == 1
        and "Overdue since 28 April 2025: 23 placement censuses" in said
        and "To bring up to date" not in said
    )
    lifecycle.close(held, DATE, "the tester")
    code, said = checked()
    assert code == 1 and "Overdue" not in said and "draft" in said
    make_draft(held, DATE, REGION, "the tester", KEY)
    assert checked()[0] == 0, "a person is to approve it; that is no work that is due"
    approve(held, DATE, REGION, APPROVER)
    code, said = checked()
    assert code == 0 and "Nothing is overdue, and no work is due." in said
    landing.drop(TEXT, "352", "late.csv", builders.census([{}] * 20, "Manchester"))
    assert checked()[0] == 1


def test_run_ends_with_1_on_each_day_on_which_a_draft_is_refused_and_says_why(
    held, ask, monkeypatch
):
    real = drafts.prepare_against
    monkeypatch.setattr(
        drafts,
        "prepare_against",
        lambda *known: replace(real(*known), verdict=Verdict(contradictions=("made up",))),
    )
    monkeypatch.setattr(running, "run_quarters", lambda *_, **__: [])
    lifecycle.close(held, DATE, "the tester")
    assert make_draft(held, DATE, REGION, "the tester").refused
    for _ in range(2):
        code, said = ask(held, "run", "--census-date", TEXT)
        assert (
            code == 1
            and f"{TEXT}: the gate has refused the draft, and nothing has changed since" in said
            and "made up" in said
        )
    code, said = ask(held, "status", "--census-date", TEXT)
    assert code == 0 and "The gate has refused a draft" in said and "Nothing was published" in said
