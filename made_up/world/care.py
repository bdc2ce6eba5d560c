"""Episodes of care, carried from quarter to quarter: what lies between the quarter ends that
`world/people.py` shows.

Belongs here: when each child came into care, where it has been since, with whom, and how it left,
so that on every quarter end it is where `world/people.py` has it. Facts are kept beside the
episodes (who the carer is and since when), so that figures can be worked out from them. Does not
belong here: how the SSDA903 is written (`returns/ssda903.py`), and figures (`truth/care.py`). Days
are proleptic ordinals.

Of what lies before the first quarter only the twelve months are made up of which its return tells.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.assumptions import assumed, dealt_by_number
from made_up.drawing import Floats, Ints, Texts
from made_up.world.areas import Areas
from made_up.world.kinds import ADULT, AGENCY, FAMILY, HOME, OTHER, OWN, SCHOOL, SECURE, SUPPORTED
from made_up.world.supply import Supply
from schemas import authorities

NEVER = dt.date(9000, 1, 1).toordinal()
"""The end of an episode that is open."""

LEFT_BEFORE, SHORT_BREAKS = 5_000_000, 6_000_000
"""Numbers from which children stand who left before the first quarter, and who have short breaks
alone.
"""

_ASSUMED = assumed("care")
CEASED_A_YEAR, FIRST_ELSEWHERE, MOVED_TWICE = (
    _ASSUMED["ceased_a_year"],
    _ASSUMED["first_elsewhere"],
    _ASSUMED["moved_twice"],
)
AWAY, SAME_CARER, NEW_STATUS = _ASSUMED["away"], _ASSUMED["same_carer"], _ASSUMED["new_status"]
EARLIER_PLACEMENTS, EARLIER_DAYS = (
    dealt_by_number(_ASSUMED["earlier_placements"]),
    _ASSUMED["earlier_days"],
)

REASONS = (
    [11, 12, 2, 3, 4, 5, 6, 7, 8, 9],
    [0.05, 0.05, 0.004, 0.03, 0.36, 0.1, 0.16, 0.14, 0.046, 0.06],
)
REASON_CODES = {
    2: "E2",
    3: "E3",
    4: "E4A",
    5: "E4B",
    6: "E45",
    7: "E13",
    8: "E8",
    9: "E41",
    11: "E11",
    12: "E12",
}
GROWN_REASONS = np.array(["E17", "E5", "E6", "E7"], dtype=object)

STATUS = [
    "child",
    "origin",
    "decom",
    "dec",
    "rne",
    "ls",
    "place",
    "provider",
    "rec",
    "host",
    "home",
    "there",
    "urn",
    "carer",
    "is_away",
]
FACTS = ["period_since", "carer_since", "carer_before_since", "placed"]


def example_postcodes() -> pd.DataFrame:
    """A few real postcodes of every authority, with easting and northing in metres, in the order of
    the authorities.
    """
    table = pd.read_csv(
        authorities.HERE / "example_postcodes.csv", dtype={"authority_code": str, "postcode": str}
    )
    return table.sort_values(["authority_code", "postcode"], ignore_index=True)


def examples_by_area(areas: Areas) -> tuple[Ints, Ints]:
    """Of each area, the row of its first example postcode, and how many it has."""
    codes = example_postcodes()["authority_code"].to_numpy()
    first = np.array([np.searchsorted(codes, host) for host in areas.hosts])
    return (
        first,
        np.array([np.searchsorted(codes, host, side="right") for host in areas.hosts]) - first,
    )


def draw(number: Ints, purpose: int) -> Floats:
    """A number from 0 to 1 for each child and purpose: the same whenever it is asked for (a mixed
    hash, splitmix64).
    """
    with np.errstate(over="ignore"):
        mixed = number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(
            purpose
        ) * np.uint64(0xD1B54A32D192ED03)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def calendar(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of ordinals."""
    stamps = (np.asarray(days, dtype=np.int64) - dt.date(1970, 1, 1).toordinal()).astype(
        "datetime64[D]"
    )
    months = stamps.astype("datetime64[M]")
    return (
        months.astype(np.int64) // 12 + 1970,
        months.astype(np.int64) % 12 + 1,
        (stamps - months).astype(np.int64) + 1,
    )


def years_old(born: Ints, on: Ints) -> Ints:
    """Completed years from birth to a day, by the calendar."""
    (year, month, day), (to_year, to_month, to_day) = calendar(born), calendar(on)
    return to_year - year - ((to_month < month) | ((to_month == month) & (to_day < day)))


def birthday(born: Ints, years: int) -> Ints:
    """The day on which each child turns so many years old; who is born on 29 February does on 1
    March of a common year.
    """
    year, month, day = calendar(born)
    first = ((year + years - 1970) * 12 + month - 1).astype("datetime64[M]").astype("datetime64[D]")
    return (first + (day - 1)).astype(np.int64) + dt.date(1970, 1, 1).toordinal()


def months_before(date: dt.date, months: int) -> int:
    """The day so many months before, as an ordinal: from a month's last day to a month's last day
    (30 September less 30 months is 31 March).
    """
    next_day = date + dt.timedelta(days=1)
    counted = next_day if next_day.day == 1 else date
    year, month = divmod(counted.year * 12 + counted.month - 1 - months, 12)
    first = dt.date(year, month + 1, 1)
    if counted is next_day:
        return first.toordinal() - 1
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(date.day, last)).toordinal()


class Care:
    """Every episode of care that the made-up returns tell of.

    `children`: by number, their `born`, `sex` (0 male, 1 female, 2 not stated), `ethnic`,
    `unaccompanied`. `episodes`: all of them, one row an episode. `now`: the open episode of every
    child looked after, with the facts behind it.
    """

    def __init__(self, areas: Areas, supply: Supply) -> None:
        self.areas, self.supply = areas, supply
        self.children = pd.DataFrame()
        self.now = pd.DataFrame()
        self._closed: list[pd.DataFrame] = []
        self._carers = 0
        self._first, self._many = examples_by_area(areas)

    @property
    def episodes(self) -> pd.DataFrame:
        """Closed and open episodes, short breaks too."""
        return pd.concat([*self._closed, self.now[STATUS]], ignore_index=True)

    def advance(
        self,
        people: pd.DataFrame,
        date: dt.date,
        previous: dt.date | None,
        rng: np.random.Generator,
    ) -> None:
        """Move on to `date`: afterwards the children looked after are where `people` has them."""
        cared = people[
            ((people["origin"] < self.areas.members) & (people["kind"] != ADULT)).to_numpy()
        ]
        cared = cared.assign(child=cared["number"], dob=cared["born"] + 1).set_index("number")
        self._know(cared)
        day = date.toordinal()
        if previous is None:
            self._begin(cared, date, rng)
        else:
            since = previous.toordinal()
            was = self.now.set_index("child", drop=False)
            both = cared.index.intersection(was.index, sort=False)
            moved = both[cared.loc[both, "placed"].to_numpy() != was.loc[both, "placed"].to_numpy()]
            stays = was.loc[both.difference(moved, sort=False)]
            left = was.loc[was.index.difference(cared.index, sort=False)]
            self._close_who_left(left, since, day, rng)
            now = [
                self._stay(stays, since, day, rng),
                self._move(was.loc[moved], cared.loc[moved], since, rng),
                self._start(
                    cared.loc[cared.index.difference(was.index, sort=False)], since, day, rng
                ),
            ]
            self.now = pd.concat(now, ignore_index=True)
        self._give_short_breaks(date, previous)

    # --- children and placements -----------------------------------------------------------------

    def _know(self, cared: pd.DataFrame) -> None:
        """Remember who the children are."""
        new = (
            cared.loc[cared.index.difference(self.children.index, sort=False)]
            if len(self.children)
            else cared
        )
        told = pd.DataFrame(
            {
                "born": new["dob"],
                "sex": np.minimum(new["gender"], 2),
                "ethnic": new["ethnic"],
                "unaccompanied": new["unaccompanied"],
            }
        )
        self.children = pd.concat([self.children, told]) if len(self.children) else told

    def _new_carers(self, count: int) -> Ints:
        self._carers += count
        return self._carers - np.arange(count)

    def _postcode(self, host: Ints, number: Ints, purpose: int) -> Ints:
        """One of the example postcodes of each area, by its row."""
        return self._first[host] + np.floor(draw(number, purpose) * self._many[host]).astype(
            np.int64
        )

    def _placements(self, cared: pd.DataFrame, day: int) -> pd.DataFrame:
        """The present placement of each child as an episode begun when it was placed; RNE S."""
        number, kind, origin, host = (
            cared[name].to_numpy() for name in ("child", "kind", "origin", "host")
        )
        unit, kin, age = (
            cared["unit"].to_numpy(),
            cared["kin"].to_numpy(),
            years_old(cared["dob"].to_numpy(), np.full(len(cared), day)),
        )
        settled = unit >= 0
        registration = self.supply.units["registration"].to_numpy()[unit]
        owner = self.supply.owner_on(day)[registration]
        run_by = np.where(settled, self.supply.owners["area"].to_numpy()[owner], -1)
        adoptive = (age < 7) & (kin >= 0.17) & (kin < 0.6)
        place = np.select(
            [
                kind == SECURE,
                np.isin(kind, [HOME, SCHOOL]),
                kind == FAMILY,
                kind == SUPPORTED,
                (kind == OWN) & (draw(number, 1) < 0.3),
                np.isin(kind, [OWN, AGENCY]) & (age < 2) & (draw(number, 1) > 0.93),
                np.isin(kind, [OWN, AGENCY]) & (draw(number, 2) < 0.5),
                np.isin(kind, [OWN, AGENCY]),
                (kind == OTHER) & (kin < 0.03),
                (kind == OTHER) & (kin < 0.055) & (age >= 14),
                (kind == OTHER) & (kin < 0.10),
                (kind == OTHER) & adoptive,
            ],
            ["K1", "K2", "R3", "K3", "U3", "U5", "U4", "U6", "Z1", "R5", "Z1", "A6"],
            "P1",
        ).astype(object)
        provider = np.select(
            [
                place == "P1",
                place == "Z1",
                (kind == OWN) | (run_by == origin) | (place == "A6"),
                place == "R5",
                run_by >= 0,
                owner % 7 == 0,
            ],
            ["PR0", "", "PR1", "PR3", "PR2", "PR5"],
            "PR4",
        ).astype(object)
        unaccompanied = cared["unaccompanied"].to_numpy()
        by_chance = np.select([draw(number, 3) < 0.62, draw(number, 3) < 0.78], ["C2", "C1"], "V2")
        status = np.select(
            [place == "A6", place == "R5", unaccompanied], ["E1", "J1", "V2"], by_chance
        ).astype(object)
        home = self._postcode(origin, number, 4)
        bought = settled & ~np.isin(kind, [OWN, OTHER])
        placed = np.maximum(cared["placed"].to_numpy(), cared["dob"].to_numpy())
        return pd.DataFrame(
            {
                "child": number,
                "origin": origin,
                "decom": placed,
                "dec": NEVER,
                "rne": "S",
                "ls": status,
                "place": place,
                "provider": provider,
                "rec": "",
                "host": host,
                "home": np.where(unaccompanied, -1, home),
                "there": np.where(
                    (place == "P1") & (host == origin), home, self._postcode(host, number + unit, 5)
                ),
                "urn": np.where(
                    bought, self.supply.registrations["urn"].to_numpy()[registration], "XXXXXXX"
                ),
                "carer": self._new_carers(len(cared)),
                "is_away": False,
                "period_since": placed,
                "carer_since": placed,
                "carer_before_since": NEVER,
                "placed": cared["placed"].to_numpy(),
            }
        )

    def _for_now(
        self, like: pd.DataFrame, decom: Ints, dec: Ints, rne: str | Texts
    ) -> pd.DataFrame:
        """A placement with the authority's own carers in its area, while the children of `like`
        waited for theirs.
        """
        number, origin = like["child"].to_numpy(), like["origin"].to_numpy()
        return like[STATUS].assign(
            decom=decom, dec=dec, rne=rne, rec="X1", place="U6", provider="PR1", host=origin, urn="XXXXXXX", is_away=False,
            there=self._postcode(origin, number + decom, 6), carer=self._new_carers(len(like)),
        )  # fmt: skip

    def _close(self, episodes: pd.DataFrame, dec: Ints, rec: str | Texts) -> None:
        self._closed.append(episodes[STATUS].assign(dec=dec, rec=rec))

    # --- what happens
    # --------------------------------------------------------------------------------

    def _begin(self, cared: pd.DataFrame, date: dt.date, rng: np.random.Generator) -> None:
        """The first quarter: what its children's returns tell of the twelve months before, and who
        left in these.
        """
        now = self._placements(cared, date.toordinal())
        told_from = months_before(date, 12) + 1
        dob = self.children.loc[now["child"], "born"].to_numpy()
        earlier = rng.choice(EARLIER_PLACEMENTS[0], size=len(now), p=EARLIER_PLACEMENTS[1])
        until = now["decom"].to_numpy().copy()
        before = np.full(len(now), NEVER)
        last: pd.DataFrame | None = None
        for step in range(max(EARLIER_PLACEMENTS[0])):
            lasted = 1 + np.floor(rng.exponential(EARLIER_DAYS, len(now))).astype(np.int64)
            begun = until - lasted
            there = (earlier > step) & (begun >= dob)
            earlier = np.where(there, earlier, np.minimum(earlier, step))
            before = np.where(there & (step == 0), begun, before)
            rows = self._for_now(now[there], begun[there], until[there], "S")
            now.loc[there, "rne"] = "P"
            if last is not None:
                last.loc[last["child"].isin(rows["child"]), "rne"] = "P"
                self._closed.append(last[last["dec"] >= told_from])
            last = rows
            until = np.where(there, begun, until)
        if last is not None:
            self._closed.append(last[last["dec"] >= told_from])
        self.now = now.assign(period_since=until, carer_before_since=before)
        self._leave_before(cared, date, rng)

    def _leave_before(self, cared: pd.DataFrame, date: dt.date, rng: np.random.Generator) -> None:
        """Children who left in the twelve months before the first quarter."""
        some = cared.sample(frac=CEASED_A_YEAR, random_state=rng)
        number = LEFT_BEFORE + np.arange(len(some))
        dec = rng.integers(months_before(date, 12) + 1, date.toordinal() + 1, len(some))
        grown = draw(number, 7) < 0.25
        dob = np.where(grown, birthday(dec, -18), some["dob"].to_numpy())
        dob = np.where(dob < dec - 20, dob, dec - 400)
        decom = np.maximum(
            dec - 1 - np.floor(rng.exponential(400, len(some))).astype(np.int64), dob
        )
        some = some.assign(
            child=number, dob=dob, placed=decom, unaccompanied=some["unaccompanied"] & ~grown
        ).set_index(number)
        self._know(some)
        self._close(self._placements(some, date.toordinal()), dec, self._reasons(dob, dec, rng))

    def _reasons(self, dob: Ints, dec: Ints, rng: np.random.Generator) -> Texts:
        drawn = rng.choice(REASONS[0], size=len(dec), p=REASONS[1])
        usual = np.array([REASON_CODES[code] for code in drawn], dtype=object)
        return np.where(
            years_old(dob, dec) >= 18,
            GROWN_REASONS[rng.integers(0, len(GROWN_REASONS), len(dec))],
            usual,
        )

    def _close_who_left(
        self, left: pd.DataFrame, since: int, day: int, rng: np.random.Generator
    ) -> None:
        """Ends of care: on the 18th birthday, or on any day of the quarter."""
        dob = self.children.loc[left["child"], "born"].to_numpy()
        eighteen = birthday(dob, 18)
        dec = np.where(
            (eighteen > since) & (eighteen <= day),
            eighteen,
            rng.integers(since + 1, day + 1, len(left)),
        )
        self._close(left, dec, self._reasons(dob, dec, rng))

    def _stay(
        self, stays: pd.DataFrame, since: int, day: int, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Children who stayed: a few were away for days and came back, a few changed status with
        the same carer.
        """
        chance = rng.random(len(stays))
        on = rng.integers(since + 1, day - 9, len(stays))
        away, same = chance < AWAY, (chance >= AWAY) & (chance < AWAY + SAME_CARER)
        gone = stays[away]
        self._close(gone, on[away], "X1")
        hospital = gone.assign(
            decom=on[away],
            rne="P",
            place="T1",
            provider="",
            urn="XXXXXXX",
            there=gone["home"],
            is_away=True,
        )
        self._close(hospital, on[away] + 3, "X1")
        self._close(stays[same], on[same], "X1")
        decom = np.where(away, on + 3, np.where(same, on, stays["decom"]))
        return stays.assign(decom=decom, rne=np.where(away, "P", np.where(same, "T", stays["rne"])))

    def _move(
        self, was: pd.DataFrame, cared: pd.DataFrame, since: int, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Children who moved, some of them twice; some foster carers adopt, and the child stays
        with them.
        """
        now = self._placements(cared, since).reset_index(drop=True)
        placed, was = now["decom"].to_numpy(), was.reset_index(drop=True)
        fostered = was["place"].str.startswith("U") & (was["host"] == now["host"])
        adopts = (
            (now["place"] == "A6") & fostered & (draw(now["child"].to_numpy(), 8) < 0.5)
        ).to_numpy()
        room = placed - since - 1
        twice = (rng.random(len(now)) < MOVED_TWICE) & (room >= 2) & ~adopts
        first = np.where(
            twice,
            since + 1 + np.floor(rng.random(len(now)) * np.maximum(room, 1)).astype(np.int64),
            placed,
        )
        self._close(was, first, "X1")
        between = self._for_now(now[twice], first[twice], placed[twice], "P")
        self._closed.append(between)
        same = {
            name: np.where(adopts, was[name], now[name])
            for name in ("carer", "carer_since", "there")
        }
        before = np.where(twice, first, was["carer_since"])
        return now.assign(
            rne=np.where(adopts, "U", "P"),
            place=np.where(adopts, "A5", now["place"]),
            period_since=was["period_since"],
            carer_before_since=np.where(adopts, NEVER, before),
            **same,
        )

    def _start(
        self, cared: pd.DataFrame, since: int, day: int, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Children who started in the quarter: some were elsewhere first, some had gone home
        between, some changed legal status.
        """
        now = self._placements(cared, day)
        placed = now["decom"].to_numpy()
        earliest = np.maximum(since + 1, self.children.loc[now["child"], "born"].to_numpy())
        room = placed - earliest
        chance = rng.random(len(now))
        elsewhere = (chance < FIRST_ELSEWHERE) & (room >= 6)
        second = elsewhere & (chance < FIRST_ELSEWHERE * 0.4)
        back = elsewhere & (chance > FIRST_ELSEWHERE * 0.92)
        begun = (
            placed - 2 - np.floor(rng.random(len(now)) * np.maximum(room - 2, 1)).astype(np.int64)
        )
        middle = np.where(second, (begun + placed + 1) // 2, placed)
        ended = np.where(back, begun + 1, middle)
        reason = np.where(back, "E4A", "X1")
        first = self._for_now(now[elsewhere], begun[elsewhere], ended[elsewhere], "S").assign(
            rec=reason[elsewhere]
        )
        self._closed += [first, self._for_now(now[second], middle[second], placed[second], "P")]
        in_care_since = np.where(elsewhere & ~back, begun, placed)
        before = np.where(elsewhere & ~back, np.where(second, middle, begun), NEVER)
        now = now.assign(
            rne=np.where(elsewhere & ~back, "P", "S"),
            period_since=in_care_since,
            carer_before_since=before,
        )
        settles = (
            (draw(now["child"].to_numpy(), 9) < NEW_STATUS)
            & np.isin(now["ls"], ["C1", "C2"])
            & (placed < day)
            & ~elsewhere
        )
        changed = np.where(settles, (placed + day + 1) // 2, placed)
        self._close(now[settles].assign(ls="V2"), changed[settles], "X1")
        return now.assign(decom=changed, rne=np.where(settles, "L", now["rne"]))

    def _give_short_breaks(self, date: dt.date, previous: dt.date | None) -> None:
        """About one child in a hundred has short breaks alone: an agreement (V4) that stays open,
        and two breaks (V3) a quarter.
        """
        origins = np.arange(self.areas.members)
        counts = np.maximum(1, np.bincount(self.now["origin"], minlength=self.areas.members) // 100)
        if previous is None:
            origin = np.repeat(origins, counts)
            number = SHORT_BREAKS + np.arange(len(origin))
            born = date.toordinal() - 3000 - np.arange(len(origin))
            told = {"born": born, "sex": 0, "ethnic": 0, "unaccompanied": False}
            self.children = pd.concat([self.children, pd.DataFrame(told, index=number)])
            blank = pd.DataFrame({"child": number, "origin": origin}).reindex(columns=STATUS)
            breaks = self._for_now(
                blank,
                np.full(len(origin), date.toordinal() - 200),
                np.full(len(origin), NEVER),
                "S",
            )
            self._breaks = breaks.assign(rec="", ls="V4", home=self._postcode(origin, number, 4))
            self._closed.append(self._breaks)
        for ago in (70, 40):
            taken = date.toordinal() - ago
            self._closed.append(
                self._breaks.assign(decom=taken, dec=taken + 2, ls="V3", rec="E8", rne="S")
            )
