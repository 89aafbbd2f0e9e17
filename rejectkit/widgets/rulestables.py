"""What the rules panel counts: who refused what, of whom, and what a change would make of the records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.services import protocol_name, service_name
from rejectkit.exploring.words import listing
from rejectkit.network.model import Network

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

INSIDE, REPLY = "inside", "reply"
LAYERS: Final = {
    "sg-in": "group, in",
    "sg-out": "group, out",
    "nacl-in": "ACL, in",
    "nacl-out": "ACL, out",
    "nacl-reply": "ACL, a reply",
    "late": "late packet",
    "bpa": "Block Public Access",
    "encryption": "encryption control",
    "cannot-tell": "cannot tell",
}
"""The layers of `blame`, in words."""
OUTCOMES: Final = ("newly rejected", "newly accepted", "cannot tell", "unchanged")
IMPLICIT: Final = ("32767", "32768")
_PORTS: Final = 3  # that a row names


def refused(records: pd.DataFrame, blamed: pd.DataFrame, kinds: pd.Series) -> pd.DataFrame:
    """Return the refused records with who refused them, and of which kind their source is; the index is theirs."""
    chosen = blamed["layer"].notna().to_numpy()
    time = "@timestamp" if "@timestamp" in records else "start"
    found = records.loc[chosen, ["interfaceId", "srcAddr", "dstAddr", "protocol"]].assign(at=records.loc[chosen, time])
    for name in ("layer", "resource", "rule", "certainty", "because", "port"):
        found[name] = blamed.loc[chosen, name]
    return found.assign(kind=kinds[chosen].fillna("unsure"))


def named(network: Network, resource: object, most: int = 3) -> str:
    """Return groups, or a network ACL, by name and id."""
    if pd.isna(resource):  # type: ignore[call-overload]  # any scalar may stand in a frame
        return "–"
    told = []
    for one in str(resource).split():
        thing = network.group_of.get(one) or network.acl_of.get(one)
        told.append(f"{thing.name} ({one})" if thing is not None and thing.name else one)
    return listing(told, most)


def ruled(rule: object) -> str:
    """Return which rule it was, in words."""
    if pd.isna(rule):  # type: ignore[call-overload]
        return "–"
    return f"{rule} (implicit)" if rule in IMPLICIT else str(rule)


def refusals(found: pd.DataFrame) -> pd.DataFrame:
    """Return who refused: a row for each layer, resource and rule, those that refuse most of what is inside first.

    Parameters
    ----------
    found : DataFrame
        As `refused` gives it, all of it or a part.

    Returns
    -------
    DataFrame
        `layer`, `resource`, `rule`; `flows`; of them `inside`, `replies` and `others` (of other kinds); `sources`
        (distinct); `ports` (text, the most asked first); `certain` (share); `first`, `last` (UTC); `because` (the
        sentence of most of them).
    """
    keys = ["layer", "resource", "rule"]
    if found.empty:
        columns = [*keys, "flows", "inside", "replies", "others", "sources", "ports", "certain", "first", "last"]
        return pd.DataFrame(columns=[*columns, "because"])
    kind = found["kind"].to_numpy(object)
    table = found.assign(
        inside=kind == INSIDE, replies=kind == REPLY, sure=(found["certainty"] == "certain").to_numpy()
    )
    groups = table.groupby(keys, dropna=False, sort=False)
    whole = groups.agg(
        flows=("at", "size"),
        inside=("inside", "sum"),
        replies=("replies", "sum"),
        sources=("srcAddr", "nunique"),
        certain=("sure", "mean"),
        first=("at", "min"),
        last=("at", "max"),
    )
    whole["others"] = whole["flows"] - whole["inside"] - whole["replies"]
    number: Ints = np.asarray(groups.ngroup(), np.int64)
    whole["ports"] = _ports(number, table, len(whole))
    whole["because"] = _commonest(number, found["because"], len(whole))
    ranked = whole.reset_index().sort_values(
        ["inside", "replies", "flows", "layer", "resource"], ascending=[False, False, False, True, True], kind="stable"
    )
    return ranked.reset_index(drop=True)


def _ports(number: Ints, table: pd.DataFrame, groups: int) -> list[str]:
    """Return the ports of each group as text."""
    counts = (
        pd.DataFrame(
            {"group": number, "port": table["port"].to_numpy("float64", na_value=-1), "protocol": table["protocol"]}
        )
        .value_counts()
        .reset_index()
    )
    said: list[list[str]] = [[] for _ in range(groups)]
    for group, port, protocol in zip(counts["group"], counts["port"], counts["protocol"], strict=True):
        said[group].append(spoken_port(port, protocol))
    return [listing(dict.fromkeys(one), _PORTS) for one in said]


def spoken_port(port: float, protocol: object) -> str:
    """Return a port with its service's name; of a protocol that has none its own."""
    if pd.isna(port) or port < 0:
        return "–" if pd.isna(protocol) else protocol_name(int(str(protocol)))  # type: ignore[call-overload]
    name = service_name(int(port))
    udp = "" if pd.isna(protocol) or int(str(protocol)) == 6 else f"/{protocol_name(int(str(protocol))).lower()}"  # type: ignore[call-overload]
    return f"{int(port)}{udp} {name}" if name else f"{int(port)}{udp}"


def _commonest(number: Ints, because: pd.Series, groups: int) -> list[str]:
    """Return the sentence that most records of each group have."""
    codes = because.astype("category")
    counts = pd.DataFrame({"group": number, "code": codes.cat.codes.to_numpy()}).value_counts().reset_index()
    texts = codes.cat.categories
    said = [""] * groups
    for group, code in zip(counts["group"], counts["code"], strict=True):
        said[group] = said[group] or (str(texts[code]) if code >= 0 else "")
    return said


def matching(found: pd.DataFrame, network: Network, text: str) -> Bools:
    """Tell the refused records that each word of a text fits.

    A word is an address or a CIDR of either end, a port, an interface's id or name, a group's or network ACL's id or
    name or a part of it, a layer, a kind, or a rule's number.
    """
    every = np.ones(len(found), np.bool_)
    for word in text.split():
        every &= _fits(found, network, word)
    return every


def _fits(found: pd.DataFrame, network: Network, word: str) -> Bools:
    lower = word.lower()
    fits = np.zeros(len(found), np.bool_)
    for name in ("srcAddr", "dstAddr"):
        fits |= within(found[name], word)
    if word.isdecimal():
        fits |= (found["port"] == int(word)).fillna(False).to_numpy(bool)
    fits |= found["rule"].eq(word).fillna(False).to_numpy(bool)
    for name in ("layer", "kind"):
        fits |= found[name].eq(lower).fillna(False).to_numpy(bool)
    ids = {one.id for one in network.interfaces if lower in (one.id.lower(), one.name.lower())} | {word}
    fits |= found["interfaceId"].isin(ids).to_numpy(bool)
    fits |= _among(found["resource"], lambda value: lower in f"{value} {named(network, value, 99)}".lower())
    return fits


def within(addresses: pd.Series, word: str) -> Bools:
    """Tell the addresses that are a word's, or in its CIDR."""
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        return np.zeros(len(addresses), np.bool_)
    if network.num_addresses == 1:
        return addresses.eq(str(network.network_address)).fillna(False).to_numpy(bool)
    return _among(addresses, lambda value: _in(value, network))


def _in(value: object, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(str(value)) in network
    except ValueError:
        return False


def _among(column: pd.Series, fits: Callable[[object], bool]) -> Bools:
    """Tell where a test holds; each distinct value is tested once."""
    values = [value for value in column.dropna().unique() if fits(value)]
    return np.asarray(column.isin(values), np.bool_)


def outcomes(answer: pd.DataFrame, records: pd.DataFrame, kinds: pd.Series) -> pd.DataFrame:
    """Return how many records each outcome has, and of whom.

    Returns
    -------
    DataFrame
        `outcome`, `records`, `sources`, and `whose`: kinds of source with their records, as text; accepted traffic
        has no kind.
    """
    rows = []
    for outcome in OUTCOMES:
        chosen = (answer["outcome"] == outcome).to_numpy(bool, na_value=False)
        whose = kinds[chosen].fillna("accepted traffic").value_counts()
        rows.append(
            {
                "outcome": outcome,
                "records": int(chosen.sum()),
                "sources": int(records.loc[chosen, "srcAddr"].nunique()),
                "whose": ", ".join(f"{flows:,} {kind}" for kind, flows in whose.items()),
            }
        )
    return pd.DataFrame(rows)


def surprises(
    answer: pd.DataFrame, records: pd.DataFrame, kinds: pd.Series, expected: Iterable[str] = ()
) -> pd.DataFrame:
    """Return what would not stay as it is, a row for each pair of ends and port, the worst first.

    Parameters
    ----------
    expected : addresses
        Sources that the change is for: that they are let in is no surprise.

    Returns
    -------
    DataFrame
        `outcome`, `kind`, `srcAddr`, `dstAddr`, `dstPort`, `protocol`, `records`, `because`, `expected`. First what
        would be refused, then who else would be let in, what cannot be told, and what the change is for.
    """
    other = (answer["outcome"] != "unchanged").to_numpy(bool, na_value=False)
    names = ["srcAddr", "dstAddr", "dstPort", "protocol"]
    table = records.loc[other, names].assign(
        outcome=answer.loc[other, "outcome"],
        kind=kinds[other].fillna("accepted traffic"),
        because=answer.loc[other, "because"].astype("str"),
    )
    asked = answer.loc[other, "clientAddr"]  # of a reply, whom it answers
    table["expected"] = (table["outcome"] == "newly accepted") & asked.isin(list(expected))
    keys = ["outcome", "kind", *names, "expected"]
    rows = table.groupby(keys, dropna=False, sort=False).agg(records=("because", "size"), because=("because", "first"))
    rows = rows.reset_index()
    rank = rows["outcome"].map({name: place for place, name in enumerate(OUTCOMES)}) + 10 * rows["expected"]
    order = rows.assign(rank=rank).sort_values(["rank", "records"], ascending=[True, False], kind="stable")
    return order.drop(columns="rank").reset_index(drop=True)
