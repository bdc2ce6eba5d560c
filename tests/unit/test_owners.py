"""Owners: what makes two texts one owner, what is only proposed, and what people's decisions may
say.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.intake.owners import NEAR, is_damaged, proposals
from made_up.returns.register import is_damaged_owner, spelt_owners
from made_up.truth.frames import in_one_writing
from made_up.world.naming import owner_names
from schemas import authorities
from schemas.owners import decisions, plain_name

ONE_OWNER = [
    ("Acorn Homes (uk) Ltd", "Acorn Homes (UK) Limited"),
    ("K&G Care Ltd", "K & G Care Ltd"),
    ("DFD Care And Support Services Ltd", "DFD Care & Support Services Ltd"),
    ("Ar Curam Limited", "Ar Curam  Limited"),
    ("Winurture Childcare Ltd ", "WiNurture Childcare Ltd"),
    ("Athena Children\u2019s Services Ltd", "Athena Childrens Services Ltd"),
    ("Step Up 16+ Ltd", "Step Up 16+ltd"),
    ("Twenty Four-Seven Limited", "TWENTY FOUR SEVEN LTD"),
    ("\xa0Swan Cottage Limited", "Swan Cottage Limited"),
]
"""Pairs as they stand in Ofsted's lists of 2018 to 2025, or as their kind is written."""


@pytest.mark.parametrize(("one", "other"), ONE_OWNER)
def test_what_varies_in_writing_makes_no_other_owner(one, other):
    assert plain_name(one) == plain_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cherish Childrens Care", "Cherish Childrens Care Ltd"),
        ("Fair Ways Society", "Fairways Society"),
        ("Acorn Care 2 Ltd", "Acorn Care Ltd"),
    ],
)
def test_what_is_only_near_is_another_plain_name(one, other):
    assert plain_name(one) != plain_name(other)


@given(st.text(max_size=40))
def test_a_plain_name_is_its_own_plain_name(text):
    assert plain_name(plain_name(text)) == plain_name(text)


@given(st.text(alphabet="abcdefghij &.'-", max_size=30))
def test_case_and_spaces_never_make_another_owner(text):
    assert plain_name(text.upper()) == plain_name(f"  {text} ")


@pytest.mark.parametrize("text", ["3.13", "0.0", "1900-01-03 03:07:12", "", "NULL", "REDACTED"])
def test_a_text_without_a_name_is_damaged(text):
    assert is_damaged(text)


@pytest.mark.parametrize("text", ["Q+", "3 Dimensions Care Limited", "Children 1st"])
def test_a_name_with_numbers_in_it_is_none(text):
    assert not is_damaged(text)


def test_near_names_are_proposed_and_others_are_not():
    names = [
        "fair ways community benefit society", "fairways community benefit society",
        "pathfinder care services limited", "pathfinders care services limited",
        "aden homes limited", "advent homes limited",  # alike in the words that everybody has
        "east sussex county council", "west sussex county council",
    ]  # fmt: skip
    found = proposals(names)
    assert list(found.itertuples(index=False, name=None)) == [
        ("fair ways community benefit society", "fairways community benefit society", 100),
        ("pathfinder care services limited", "pathfinders care services limited", 95),
    ]
    assert (found["similarity"] >= NEAR).all()


def test_proposals_do_not_depend_on_the_order_of_the_names():
    names = [
        "the caldecott foundation limited",
        "caldecott foundation limited",
        "brinscall care limited",
        "brinscall care nw limited",
    ]
    assert proposals(names).equals(proposals(names[::-1] * 2))
    assert len(proposals(names)) == 2


def test_no_names_no_proposals():
    assert proposals([]).empty


HEAD = "owner_name,owner_group,decision,decided_by,decided_on,note\n"


def decided(tmp_path, rows):
    path = tmp_path / "owner_groups.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return decisions(path)


def test_decisions_may_be_written_in_any_spelling(tmp_path):
    found = decided(
        tmp_path,
        "Acorn Caring Ltd,ACORN CARE LIMITED,same,Ann,2025-04-01,one parent\nOak Ltd,Acorn Care"
        " Ltd,different,Ann,2025-04-01,\n",
    )
    assert found[["owner_name", "owner_group", "decision"]].to_numpy().tolist() == [
        ["acorn caring limited", "acorn care limited", "same"],
        ["oak limited", "acorn care limited", "different"],
    ]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            "A,B,perhaps,Ann,,\n",
            "the decision 'perhaps' is not known; `same` or `different` was expected",
        ),
        ("A,B,same,Ann,,\nA,C,same,Ann,,\n", "'a' is put into two owner groups; one was expected"),
        ("A,B,same,Ann,,\nB,C,same,Ann,,\n", "'b' is a group and is itself moved to another one"),
        ("A,B,same,Ann,,\nA,B,different,Bob,,\n", "'a' is said to be the same and different"),
    ],
)
def test_decisions_at_odds_are_refused(tmp_path, rows, says):
    with pytest.raises(ValueError, match=says):
        decided(tmp_path, rows)


def test_the_decisions_of_the_project_can_be_read():
    assert list(decisions().columns) == [
        "owner_name",
        "owner_group",
        "decision",
        "decided_by",
        "decided_on",
        "note",
    ]


def test_the_made_up_truth_writes_every_made_up_owner_alike():
    """It has its own way of doing so: a fault of one of the two shows here, and in every truth."""
    rng, size = np.random.default_rng(1), 2000
    sectors = np.resize(np.array(["Voluntary", "Private"], dtype=object), size)
    names = owner_names(rng, sectors, np.arange(size) % 3 == 0)
    councils = [f"{area.name} Council" for area in authorities.all_authorities()]
    named = np.array([*names, *councils, "Oak Holdings (UK) Limited"] * 3, dtype=object)
    spelt = spelt_owners(named, np.array([f"SC{n}" for n in range(len(named))]))
    spelt = [name for name in spelt if not is_damaged_owner(name)]
    assert len(set(spelt)) > len(set(named))
    assert len(set(map(in_one_writing, spelt))) == len(set(named))
    assert list(map(in_one_writing, spelt)) == list(map(plain_name, spelt))
