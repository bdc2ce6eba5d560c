"""Senders: who sent a file, by the folder in which it lies.

Belongs here: the kinds of senders, and the one that a folder's name says.
Does not belong here: settings that two senders return (`assets/intake/senders`).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from assets.intake.telling import folder_words
from schemas import authorities

_PROVIDER = "provider-"


@dataclass(frozen=True)
class Sender:
    """Who sent a file.

    `kind` is ofsted, dfe, mhclg, authority, region, provider or unknown; `key` is its name in the
    warehouse.
    """

    key: str
    kind: str
    name: str


_BY_NAME = {
    "ofsted": Sender("ofsted", "ofsted", "Ofsted"),
    "dfe": Sender("dfe", "dfe", "the Department for Education"),
    "mhclg": Sender("mhclg", "mhclg", "the Ministry of Housing, Communities and Local Government"),
    "region": Sender("region", "region", "the region"),
}


def sender_of(folder: str, census_date: dt.date) -> Sender:
    """The sender that a folder's name says, as authorities stood on the census date.

    A name is `ofsted`, `dfe`, `mhclg`, an authority's GSS or DfE code, `region` (the pooled form),
    or `provider-<id>`. A sender's key is its own folder. A folder of nobody's may be named after a
    child: it is known by what may be told of its name.
    """
    name = folder.strip().casefold()
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name.startswith(_PROVIDER) and len(name) > len(_PROVIDER):
        return Sender(name, "provider", folder)
    if re.fullmatch(r"[a-z]\d{8}|\d{3}", name):
        code = authorities.find(name, census_date)
        about = authorities.on_date(code, census_date) if code else None
        if about:
            return Sender(about.code, "authority", about.name)
    words = folder_words(folder)
    return Sender(words, "unknown", words)
