"""JSON-LD of the Placements Standard, held against the official shapes (SHACL) and against the
door: what each of them says of the same record.

The shapes ask more than the door rejects: there a blank is told to the sender, and the search is
counted. What the door rejects, the shapes reject.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.at_the_door import held_up
from tests.unit.test_placements_standard import DAY, PLACED, jsonld_of

pyshacl = pytest.importorskip(
    "pyshacl", reason="pyshacl is not in this environment (make dev brings it)"
)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""What pyshacl reads JSON-LD with speaks of itself."""


@pytest.fixture(scope="module")
def official(shared) -> Path:
    return shared / "standards" / "placements" / "official"


@pytest.fixture(scope="module")
def conforms(official) -> Callable[..., bool]:
    """Whether a document conforms to the official shapes, with the official context; warnings are
    no failures unless asked for.

    Two things are mended, or the official valid examples would fail: the context has outOfLAReason
    as an address (@id), for which its own words for the reasons are not looked up; and numbers are
    given as texts, because those of JSON are read as floating ones.
    """
    context = json.loads((official / "context.jsonld").read_text(encoding="utf-8"))["@context"]
    context["outOfLAReason"]["@type"] = "@vocab"
    shapes = {
        "shacl_graph": str(official / "shacl-shape.ttl"),
        "shacl_graph_format": "turtle",
        "data_graph_format": "json-ld",
    }

    def conforms_(document: dict, *, warnings: bool = False) -> bool:
        text = json.dumps(
            {
                **json.loads(json.dumps(document), parse_float=str, parse_int=str),
                "@context": context,
            }
        )
        return pyshacl.validate(text, **shapes, allow_warnings=not warnings)[0]

    return conforms_


EXAMPLES = {
    "valid-placement": True, "valid-other-options": True, "valid-neededby-symbolic": True, "invalid-cost-out-of-range": True,
    "invalid-bad-enum": False, "invalid-missing-required": False, "invalid-negative-cost": False, "invalid-other-missing-text": False,
    "invalid-postcode": False,
}  # fmt: skip
"""Whether an official example conforms (one of them with a warning), and whether the door loads it:
the two agree.
"""


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_door_and_the_official_shapes_agree_on_the_official_examples(official, conforms, name):
    data = (official / "examples" / f"{name}.jsonld").read_bytes()
    assert conforms(json.loads(data)) == EXAMPLES[name]
    assert held_up(data, date=DAY).books == [(1, int(EXAMPLES[name]), int(not EXAMPLES[name]), 0)]
    if "out-of-range" in name:
        assert not conforms(json.loads(data), warnings=True)


WHOLE = {**PLACED, "risk_sexual_exploitation": "No known risk"}
REJECTED_BY_BOTH = {
    "an option that is none": lambda n: n["placementRequirements"].update(pets="MaybePets"),
    "an option of another question": (
        lambda n: n["placementRecommendation"].update(fosterCareSuitability="RiskPresent")
    ),
    "a part that is missing": lambda n: n.pop("qualityAssurance"),
    "no child": lambda n: n.pop("childId"),
    "a cost below nought": lambda n: n["actualPlacement"].update(coreWeeklyCost=-1.5),
    "more than an outward code": (
        lambda n: n["actualPlacement"].update(placementLocation="Stockport")
    ),
    "Other without its words": lambda n: n["placementRequirements"].update(culturalNeeds="Other"),
    "two answers to one question": (
        lambda n: n["placementAvailability"].update(neededBy=["Today", "MoreThanFiveDays"])
    ),
    "siblings below nought": lambda n: n["actualPlacement"].update(siblingsPlacedTogether=-1),
}
TOLD_BY_THE_DOOR = {
    "a risk that the template does not ask": (
        lambda n: n["riskAssessment"].pop("riskSexualExploitation")
    ),
    "a blank that the standard asks for": lambda n: n["placementRequirements"].pop("pets"),
    "an officer who is not named": lambda n: n["qualityAssurance"].pop("placementOfficerName"),
    "a whole postcode, of which the first part is kept": (
        lambda n: n["actualPlacement"].update(placementLocation="SK1 3XE")
    ),
}
"""What the shapes reject and the door loads: the template cannot say it, or a search is not lost
for it.
"""


def changed(change: Callable[[dict], object]) -> dict:
    node = copy.deepcopy(json.loads(jsonld_of(WHOLE))["@graph"][0])
    change(node)
    return node


def test_a_record_that_we_write_conforms(conforms):
    node = changed(lambda n: None)
    assert conforms(node, warnings=True) and held_up(json.dumps(node), date=DAY).books == [
        (1, 1, 0, 0)
    ]


@pytest.mark.parametrize("what", REJECTED_BY_BOTH)
def test_what_the_door_rejects_the_shapes_reject(conforms, what):
    node = changed(REJECTED_BY_BOTH[what])
    assert not conforms(node)
    assert held_up(json.dumps(node), date=DAY).books == [(1, 0, 1, 0)]


@pytest.mark.parametrize("what", TOLD_BY_THE_DOOR)
def test_what_the_shapes_alone_reject_is_counted_all_the_same(conforms, what):
    node = changed(TOLD_BY_THE_DOOR[what])
    assert not conforms(node)
    assert held_up(json.dumps(node), date=DAY).books == [(1, 1, 0, 0)]
