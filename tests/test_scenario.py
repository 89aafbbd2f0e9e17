"""The scenario: the same bytes everywhere, records as the service would write them, and a truth that holds."""

from __future__ import annotations

import gzip
import itertools
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import botocore.session
import pandas as pd
import pytest

from rejectkit.errors import ArgumentError
from rejectkit.records import LogFormat
from rejectkit.sandbox.playing.dice import Dice, address, address_text
from rejectkit.sandbox.playing.scenario import FORMAT, Scenario, network_json, scenario
from rejectkit.sandbox.sample import sample_files, write_sample

FIVE = ["pktSrcAddr", "srcPort", "pktDstAddr", "dstPort", "protocol"]
SWAPPED = ["pktDstAddr", "dstPort", "pktSrcAddr", "srcPort", "protocol"]

# name: layer, port, smallest number of refused records in a day; from the list of what is planted
PLANTED = {
    "db-group": ("sg-in", 5432, 200),
    "scrape-port": ("sg-in", 9100, 2000),
    "nacl-ephemeral": ("nacl-reply", 8443, 100),
    "nacl-deny": ("nacl-in", 443, 150),
    "wrong-port": ("sg-in", 3306, 140),
    "mail-egress": ("sg-out", 587, 30),
    "mail-relay": ("nacl-out", 587, 40),
    "probe": ("nacl-in sg-in", None, 150),
    "reply": ("sg-in", None, 80),
    "health-check": ("sg-in", 8080, 400),
    "late": ("late", None, 100),
}


@pytest.fixture(scope="module")
def day() -> Scenario:
    """The default scenario."""
    return scenario()


@pytest.fixture(scope="module")
def records(day: Scenario) -> pd.DataFrame:
    """Its records with their truth beside them."""
    return day.records().join(day.truth)


@pytest.fixture(scope="module")
def flows(records: pd.DataFrame) -> pd.DataFrame:
    """Those of its records that are flows."""
    return records[records["logStatus"] == "OK"]


def _fresh_hash(seed: int, hash_seed: str) -> str:
    code = (
        "import hashlib; from rejectkit.sandbox.playing.scenario import FORMAT, scenario; "
        f"one = scenario(seed={seed}, hours=3); text = '\\n'.join(one.lines(FORMAT)) + one.truth.to_csv(); "
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_same_seed_same_bytes_in_fresh_processes() -> None:
    """Two processes make the same bytes from one seed, and others from another."""
    first, second, other = _fresh_hash(7, "0"), _fresh_hash(7, "1"), _fresh_hash(8, "0")
    assert len(first) == 64
    assert first == second != other


def test_the_sample_in_data_is_what_the_scenario_makes(root: Path, day: Scenario) -> None:
    """Every file of data/ equals a fresh generation once decompressed, and there is no other file."""
    folder = root / "data"
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    made = sample_files(day)
    assert set(found) == set(made)
    for name, content in made.items():
        stored = found[name].read_bytes()
        assert (gzip.decompress(stored) if name.endswith(".gz") else stored) == content, name
    assert sum(path.stat().st_size for path in found.values()) < 1_000_000


def test_written_sample_replaces_the_last_one_and_nothing_else(tmp_path: Path) -> None:
    """A second writing leaves one set of files, without a time in the gzip header, and others' files alone."""
    keep = tmp_path / "AWSLogs" / "123456789012" / "mine.log.gz"
    keep.parent.mkdir(parents=True)
    keep.write_bytes(b"mine")
    write_sample(tmp_path, scenario(seed=1, hours=2))
    written = write_sample(tmp_path, scenario(seed=2, hours=2))
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted([*written, keep])
    assert all(path.read_bytes()[4:8] == bytes(4) for path in written if path.suffix == ".gz")


def test_sample_files_follow_delivery_and_the_truth_follows_the_files(day: Scenario) -> None:
    """Files in the order of their names hold all lines in order, each below a header and in its own hour."""
    made = sample_files(day)
    logs = {name: made[name].decode().splitlines() for name in sorted(made) if name.startswith("AWSLogs/")}
    assert all(lines[0] == LogFormat.default().header for lines in logs.values())
    assert [line for lines in logs.values() for line in lines[1:]] == day.lines()
    assert len(made["truth.csv.gz"].decode().splitlines()) == len(day.lines()) + 1
    for name, lines in logs.items():
        begin = datetime.strptime(name.split("_")[-2], "%Y%m%dT%H%MZ").replace(tzinfo=UTC).timestamp()
        ends = [int(line.split()[11]) for line in lines[1:]]
        assert begin <= min(ends) <= max(ends) < begin + 3600


def test_the_sample_is_small_and_mixed(records: pd.DataFrame) -> None:
    """The default day has 15,000 to 26,000 records, of every kind."""
    assert 15_000 < len(records) < 26_000
    kinds = {"scanner", "inside", "reply", "late", "aws", "probe", "normal", "nodata", "skipdata"}
    assert set(records["kind"]) == kinds
    assert set(records.loc[records["protocol"].notna(), "protocol"]) == {1, 6, 17}
    assert (records["type"] == "IPv6").sum() > 50


def test_every_line_parses_and_equals_the_plain_writer(day: Scenario) -> None:
    """`lines` writes what `LogFormat.line` writes, in the default format, the richest and an odd one."""
    frame = day.records().drop(columns="@timestamp")
    rich = [
        {name: None if pd.isna(value) else value for name, value in zip(frame.columns, row, strict=True)}
        for row in frame.itertuples(index=False)
    ]
    odd = LogFormat.from_header("srcaddr ecs-task-id end flow-direction log-status version tcp-flags")
    for log_format, version in ((LogFormat.default(), 2), (FORMAT, 8), (odd, 7)):
        lines = day.lines(log_format)
        assert lines == [log_format.line({**record, "version": version}) for record in rich]
        for line in lines[::7]:
            assert log_format.parse_line(line)["version"] == version


def test_times_keep_to_intervals_and_the_window(day: Scenario, records: pd.DataFrame) -> None:
    """Records lie in the window, inside one interval of at most 60 s, in order of their end."""
    begin, end = (int(moment.timestamp()) for moment in (day.window.start, day.window.end))
    assert records["start"].min() >= begin
    assert records["end"].max() < end
    assert (records["start"] <= records["end"]).all()
    assert (records["start"] >= day.closes - 60).all()
    assert (records["end"] < day.closes).all()
    assert records["end"].is_monotonic_increasing
    assert (records["@timestamp"] == pd.to_datetime(records["start"].astype("int64"), unit="s", utc=True)).all()


def test_one_record_for_one_flow_and_interval(day: Scenario, flows: pd.DataFrame) -> None:
    """No 5-tuple has two records in one interval of one interface, but for a late packet's REJECT."""
    interval = pd.Series(day.closes, index=day.truth.index)[flows.index]
    keys = [flows[name] for name in ("interfaceId", "flowDirection", *FIVE)]
    assert (
        not flows.assign(interval=interval)
        .duplicated(["interfaceId", "flowDirection", *FIVE, "action", "interval"])
        .any()
    )
    both = flows.groupby([*keys, interval])["action"].transform("nunique") == 2
    assert both.any()
    assert set(flows[both & (flows["action"] == "REJECT")]["kind"]) == {"late"}


def test_fields_are_as_the_service_gives_them(day: Scenario, flows: pd.DataFrame) -> None:
    """ICMP has no ports, counts are sane, the interface's side is its primary address, ids are the VPC's."""
    pings = flows[flows["protocol"] == 1]
    assert len(pings) > 50
    assert (pings[["srcPort", "dstPort"]] == 0).all(axis=None)
    assert (flows["bytes"] >= 28 * flows["packets"]).all()
    assert (flows.loc[flows["protocol"] != 6, "tcpFlags"] == 0).all()
    assert set(flows["tcpFlags"]) <= {0, 1, 2, 3, 4, 5, 18, 19, 22, 23}
    primary = {one.id: one.address for one in day.network.interfaces}
    four = flows[flows["type"] == "IPv4"]
    own = four["dstAddr"].where(four["flowDirection"] == "ingress", four["srcAddr"])
    assert (own == four["interfaceId"].map(primary)).all()
    managed = {one.id for one in day.network.interfaces if one.requester}
    assert (flows["instanceId"].isna() == flows["interfaceId"].isin(managed)).all()
    assert (
        flows["trafficPath"].notna() == ((flows["flowDirection"] == "egress") & (flows["action"] == "ACCEPT"))
    ).all()


def test_a_nat_gateway_shows_both_legs(day: Scenario, flows: pd.DataFrame) -> None:
    """The gateway's four records of a conversation have the addresses of AWS's own example."""
    nat, web = day.network.interface("nat-a"), day.network.interface("web-a")
    seen = flows[(flows["interfaceId"] == nat.id) & (flows["cause"] == "Files to and from S3.")]
    assert (seen["pktSrcAwsService"].eq("S3") | seen["pktDstAwsService"].eq("S3")).all()
    into = seen[seen["pktSrcAddr"] == web.address].iloc[0]
    assert (into["srcAddr"], into["dstAddr"]) == (web.address, nat.address)
    bucket = into["pktDstAddr"]
    ways = seen[(seen["pktSrcAddr"] == bucket) | (seen["pktDstAddr"] == bucket)]
    shown = set(ways[["srcAddr", "dstAddr", "pktSrcAddr", "pktDstAddr"]].itertuples(index=False, name=None))
    assert {
        (nat.address, bucket, nat.address, bucket),
        (bucket, nat.address, bucket, nat.address),
        (nat.address, web.address, bucket, web.address),
    } <= shown


def test_idle_and_lost_intervals_have_their_own_records(day: Scenario, records: pd.DataFrame) -> None:
    """NODATA and SKIPDATA have an interface and times only; the idle interface has a record for every interval."""
    other = records[records["logStatus"] != "OK"]
    assert other["logStatus"].str.lower().eq(other["kind"]).all()
    flow_columns = ["srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets", "bytes", "action", "tcpFlags"]
    assert other[flow_columns].isna().all(axis=None)
    idle = records[records["interfaceId"] == day.network.interface("db-standby").id]
    closes = sorted(set(day.closes[idle.index]))
    assert {after - before for before, after in itertools.pairwise(closes)} == {60}
    quiet = idle["logStatus"] == "NODATA"
    assert quiet.sum() > 1000
    assert not set(day.closes[idle.index[quiet]]) & set(day.closes[idle.index[~quiet]])
    assert 1 <= (other["logStatus"] == "SKIPDATA").sum() <= 10


@pytest.mark.parametrize("seed", [7, 1, 99])
def test_every_mistake_is_there_whatever_the_seed(seed: int) -> None:
    """Each planted thing has its refused records, and its row says where, what and when."""
    one = scenario(seed=seed)
    records, truth, table = one.records(), one.truth, one.mistakes.set_index("mistake")
    assert list(table.index) == list(PLANTED)
    for name, (layer, port, least) in PLANTED.items():
        mine = records[(truth["mistake"] == name) & (records["action"] == "REJECT")]
        row = table.loc[name]
        assert (row["layer"], row["refused"]) == (layer, len(mine)), name
        assert len(mine) >= least, name
        assert (row["first"], row["last"]) == (
            mine["@timestamp"].min(),
            pd.Timestamp(mine["end"].max(), unit="s", tz="UTC"),
        )
        if port is None:
            assert pd.isna(row["port"])
        else:
            asked = mine["srcPort"] if layer == "nacl-reply" else mine["dstPort"]
            assert row["port"] == port
            assert set(asked) == {port}, name


def test_refused_clients_try_again(flows: pd.DataFrame) -> None:
    """An attempt is one source port and 4 packets of 60 bytes; the database's client backs off to 600 s."""
    mine = flows[(flows["mistake"] == "db-group") & (flows["action"] == "REJECT")]
    assert (mine["bytes"] == 60 * mine["packets"]).all()
    assert set(mine["tcpFlags"]) == {2}
    attempts = mine.groupby(["srcAddr", "srcPort"])["packets"].sum()
    assert (attempts % 4 == 0).mean() > 0.98  # but for one that the window's end cuts off
    for _, host in mine.groupby("srcAddr"):
        gaps = host.loc[host["srcPort"] != host["srcPort"].shift(), "start"].diff().dropna()
        assert gaps.min() < 60
        assert 600 < gaps.max() < 1100
    scrapes = flows[(flows["mistake"] == "scrape-port") & (flows["action"] == "REJECT")]
    assert scrapes.groupby("dstAddr")["srcPort"].nunique().between(900, 1081).all()


def test_both_ends_inside_see_a_refused_attempt(day: Scenario, flows: pd.DataFrame) -> None:
    """The asking interface lets out exactly the packets that the asked one refuses."""
    for name in ("db-group", "scrape-port", "wrong-port"):
        mine = flows[flows["mistake"] == name]
        totals = mine.groupby(["action", *FIVE])["packets"].sum()
        assert totals["ACCEPT"].equals(totals["REJECT"])
        assert set(mine.loc[mine["action"] == "ACCEPT", "flowDirection"]) == {"egress"}
        assert mine.loc[mine["action"] == "ACCEPT", ["layer", "resource", "rule"]].isna().all(axis=None)


@pytest.mark.parametrize("seed", [7, *range(1, 6)])
def test_the_change_in_the_middle_breaks_what_worked(seed: int) -> None:
    """The head office is served until the rule is added and refused ever after; another office goes on."""
    one = scenario(seed=seed)
    change = int(one.changed.timestamp())
    assert one.mistakes.set_index("mistake").loc["nacl-deny", "began"] == one.changed
    records = one.records()
    asking = records[(records["dstPort"] == 443) & (records["flowDirection"] == "ingress")]
    office = asking[asking["srcAddr"].str.startswith("192.168.10.")]
    served, refused = office[office["action"] == "ACCEPT"], office[office["action"] == "REJECT"]
    assert min(len(served), len(refused)) > 100
    assert served["start"].max() < change <= refused["end"].min()
    other = asking[asking["srcAddr"].str.startswith("192.168.20.")]
    assert set(other["action"]) == {"ACCEPT"}
    assert (other["start"] >= change).any()


def test_refused_replies_have_an_accepted_question(flows: pd.DataFrame) -> None:
    """Every nacl-reply REJECT is egress and has an ACCEPT ingress twin with swapped ends in its interval."""
    replies = flows[flows["layer"] == "nacl-reply"]
    assert set(replies["flowDirection"]) == {"egress"}
    asked = flows[(flows["action"] == "ACCEPT") & (flows["flowDirection"] == "ingress")]
    twins = set(asked[["interfaceId", "end", *SWAPPED]].itertuples(index=False, name=None))
    assert set(replies[["interfaceId", "end", *FIVE]].itertuples(index=False, name=None)) <= twins


def test_late_packets_follow_an_accepted_conversation(flows: pd.DataFrame) -> None:
    """Every late REJECT is a FIN or RST of 40 bytes, after the same conversation was accepted there."""
    late = flows[flows["layer"] == "late"]
    assert set(late["tcpFlags"]) == {1, 4}
    assert (late["bytes"] == 40 * late["packets"]).all()
    accepted = flows[(flows["action"] == "ACCEPT") & (flows["kind"] == "normal")]
    began: dict[tuple[Any, ...], int] = {}
    for row in accepted[["interfaceId", *FIVE, "start"]].itertuples(index=False, name=None):
        began[row[:-1]] = min(began.get(row[:-1], row[-1]), row[-1])
    for row in late[["interfaceId", *FIVE, "end"]].itertuples(index=False, name=None):
        assert began[row[:-1]] <= row[-1]


def test_replies_to_others_have_no_conversation(flows: pd.DataFrame) -> None:
    """A reply artefact comes from a service's port to an ephemeral one, and nobody here had asked."""
    replies = flows[flows["kind"] == "reply"]
    assert (replies["srcPort"] < 1024).all()
    assert (replies["dstPort"] >= 1024).all()
    assert not replies["srcAddr"].isin(flows.loc[flows["flowDirection"] == "egress", "dstAddr"]).any()


def test_a_refused_source_is_of_one_kind(flows: pd.DataFrame) -> None:
    """No address sends refused packets of two kinds, and those from inside are private."""
    refused = flows[flows["action"] == "REJECT"]
    assert (refused.groupby("srcAddr")["kind"].nunique() == 1).all()
    for kind, private in (("inside", True), ("probe", True), ("scanner", False), ("reply", False), ("aws", False)):
        sources = refused.loc[refused["kind"] == kind, "srcAddr"].unique()
        assert {ip_address(source).is_private for source in sources} == {private}, kind
        assert private or all(ip_address(source).is_global for source in sources)


def test_truth_is_aligned_and_complete(day: Scenario, records: pd.DataFrame) -> None:
    """Each record has its truth at its index: a layer when and only when it is a REJECT, and always a cause."""
    assert day.truth.index.equals(day.records().index)
    assert (records["layer"].notna() == records["action"].eq("REJECT")).all()
    assert records[["kind", "cause"]].notna().all(axis=None)
    ruled = records["layer"].notna() & (records["layer"] != "late")
    assert (records["rule"].notna() == ruled).all()
    assert (records["resource"].notna() == ruled).all()


class Judge:
    """A plain reading of the describe calls' JSON: what a network ACL and the groups say to one packet."""

    def __init__(self, described: dict[str, Any]) -> None:
        """Index the JSON."""
        self.interfaces = {one["NetworkInterfaceId"]: one for one in described["NetworkInterfaces"]}
        self.subnets = {one["SubnetId"]: self.cidrs(one) for one in described["Subnets"]}
        self.lists = {
            one["PrefixListId"]: [entry["Cidr"] for entry in one["Entries"]] for one in described["PrefixLists"]
        }
        self.rules = described["SecurityGroupRules"]
        self.acls = {
            association["SubnetId"]: acl for acl in described["NetworkAcls"] for association in acl["Associations"]
        }

    @staticmethod
    def cidrs(subnet: dict[str, Any]) -> list[str]:
        """Return a subnet's CIDRs."""
        return [subnet["CidrBlock"], *(one["Ipv6CidrBlock"] for one in subnet["Ipv6CidrBlockAssociationSet"])]

    @staticmethod
    def holds(cidr: str, address: str) -> bool:
        """Tell whether an address is in a CIDR."""
        return ip_address(address) in NETWORKS[cidr]

    def acl(self, eni: str, egress: bool, remote: str, port: int, protocol: int) -> tuple[bool, str, int]:
        """Return whether the subnet's ACL allows a packet, and the ACL and the number of the rule that says so."""
        subnet = self.interfaces[eni]["SubnetId"]
        if any(self.holds(cidr, remote) for cidr in self.subnets[subnet]):
            return True, "", 0
        acl = self.acls[subnet]
        for entry in sorted(acl["Entries"], key=lambda one: one["RuleNumber"]):
            cidr = entry.get("CidrBlock") or entry["Ipv6CidrBlock"]
            ports = entry.get("PortRange", {"From": 0, "To": 65535})
            if (
                entry["Egress"] == egress
                and entry["Protocol"] in ("-1", str(protocol))
                and ports["From"] <= port <= ports["To"]
                and self.holds(cidr, remote)
            ):
                return entry["RuleAction"] == "allow", acl["NetworkAclId"], entry["RuleNumber"]
        raise AssertionError("no last rule")

    def groups(self, eni: str, egress: bool, remote: str, port: int, protocol: int) -> bool:
        """Tell whether a rule of the interface's groups admits a packet; no group refuses nothing."""
        own = {group["GroupId"] for group in self.interfaces[eni]["Groups"]}
        return not own or any(
            rule["GroupId"] in own
            and rule["IsEgress"] == egress
            and rule["IpProtocol"] in ("-1", {6: "tcp", 17: "udp", 1: "icmp"}[protocol])
            and (protocol == 1 or rule["IpProtocol"] == "-1" or rule["FromPort"] <= port <= rule["ToPort"])
            and any(self.holds(cidr, remote) for cidr in self.peers(rule))
            for rule in self.rules
        )

    def peers(self, rule: dict[str, Any]) -> Iterator[str]:
        """Yield the CIDRs that a rule's peer stands for."""
        if "ReferencedGroupInfo" in rule:
            for one in self.interfaces.values():
                if rule["ReferencedGroupInfo"]["GroupId"] in {group["GroupId"] for group in one["Groups"]}:
                    yield from (each["PrivateIpAddress"] for each in one["PrivateIpAddresses"])
        elif "PrefixListId" in rule:
            yield from self.lists[rule["PrefixListId"]]
        else:
            yield rule.get("CidrIpv4") or rule["CidrIpv6"]


class _Networks(dict[str, Any]):
    def __missing__(self, cidr: str) -> Any:
        return self.setdefault(cidr, ip_network(cidr))


NETWORKS = _Networks()


@pytest.mark.parametrize(("seed", "hours"), [(7, 24), (23, 24), (5, 6)])
def test_the_truth_agrees_with_the_rules(seed: int, hours: int) -> None:
    """What was planted is what the described rules do: every ACCEPT and every REJECT, by layer and rule."""
    one = scenario(seed=seed, hours=hours)
    after, before = Judge(network_json(one)), Judge(network_json(one))
    app = one.network.acl("app")
    for acl in before.acls.values():
        if acl["NetworkAclId"] == app:
            acl["Entries"] = [
                entry for entry in acl["Entries"] if (entry["RuleNumber"], entry["Egress"]) != (90, False)
            ]
    change = int(one.changed.timestamp())
    frame = one.records().join(one.truth)
    frame = frame[frame["logStatus"] == "OK"]
    remote = frame["pktSrcAddr"].where(frame["flowDirection"] == "ingress", frame["pktDstAddr"])
    rows = frame.assign(remote=remote, egress=frame["flowDirection"] == "egress")
    told: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    opened = defaultdict(set)  # conversations by interface, as the end that began them sent its packets
    for row in rows[rows["action"] == "ACCEPT"].itertuples():
        if row.tcpFlags & 18 == 2 or (row.protocol == 17 and row.srcPort >= 1024) or row.protocol == 1:
            opened[row.interfaceId].add((row.egress, row.pktSrcAddr, row.srcPort, row.pktDstAddr, row.dstPort))
    seen = 0
    for row in rows.itertuples():
        if row.start < change <= row.end:
            continue  # its interval has both rules
        judge = before if row.end < change else after
        asked = (row.interfaceId, row.egress, row.remote, row.dstPort, row.protocol)
        back = (row.interfaceId, not row.egress, row.remote, row.srcPort, row.protocol)
        key = (judge is before, *asked, row.srcPort)
        if key not in told:
            told[key] = (judge.acl(*asked), judge.groups(*asked), judge.groups(*back))
        (allowed, acl, number), admitted, admitted_back = told[key]
        began = (row.egress, row.pktSrcAddr, row.srcPort, row.pktDstAddr, row.dstPort) in opened[row.interfaceId]
        reply = (not row.egress, row.pktDstAddr, row.dstPort, row.pktSrcAddr, row.srcPort) in opened[row.interfaceId]
        expected = {
            "ACCEPT": allowed and ((began and admitted) or (reply and admitted_back)),
            "sg-in": not row.egress and allowed and not admitted,
            "sg-out": row.egress and not admitted,
            "nacl-in": not row.egress and not allowed,
            "nacl-out": row.egress and admitted and not allowed and not reply,
            "nacl-reply": row.egress and reply and admitted_back and not allowed,
            "late": allowed,
        }
        layer = row.action if row.action == "ACCEPT" else row.layer
        assert expected[layer], row
        if str(layer).startswith("nacl"):
            assert (row.resource, row.rule) == (acl, str(number)), row
        elif str(layer).startswith("sg"):
            groups = [group["GroupId"] for group in judge.interfaces[row.interfaceId]["Groups"]]
            assert (row.resource, row.rule) == (" ".join(groups), "absent"), row
        seen += 1
    assert seen > 0.99 * len(rows)


def test_the_network_is_what_the_describe_calls_print(day: Scenario) -> None:
    """Every key and every enumerated value of the JSON is one that the EC2 API's own model knows."""
    model = botocore.session.get_session().get_service_model("ec2")
    calls = {
        "Vpcs": "DescribeVpcs",
        "Subnets": "DescribeSubnets",
        "SecurityGroups": "DescribeSecurityGroups",
        "SecurityGroupRules": "DescribeSecurityGroupRules",
        "NetworkAcls": "DescribeNetworkAcls",
        "NetworkInterfaces": "DescribeNetworkInterfaces",
        "PrefixLists": "DescribeManagedPrefixLists",
    }
    described = network_json(day)
    assert set(described) == set(calls)
    for key, call in calls.items():
        values: Any = described[key]
        if key == "PrefixLists":
            entries = model.operation_model("GetManagedPrefixListEntries").output_shape.members["Entries"]
            for one in values:
                _fits(one["Entries"], entries, key)
            values = [{name: value for name, value in one.items() if name != "Entries"} for one in values]
        _fits(values, model.operation_model(call).output_shape.members[key], key)


def _fits(value: Any, shape: Any, where: str) -> None:
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), where
        for name, part in value.items():
            _fits(part, shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for part in value:
            _fits(part, shape.member, where)
    else:
        kinds = {"string": str, "integer": int, "boolean": bool}
        assert isinstance(value, kinds[shape.type_name]), (where, value)
        known = getattr(shape, "enum", None)
        if value != "nat_gateway":  # what the service answers; the model spells it natGateway
            assert not known or value in known, (where, value)


def test_both_shapes_of_group_rules_agree(day: Scenario) -> None:
    """IpPermissions hold as many peers as SecurityGroupRules has rules, and every reference resolves."""
    described = network_json(day)
    groups = {group["GroupId"]: group for group in described["SecurityGroups"]}
    for group in groups.values():
        for egress, key in ((False, "IpPermissions"), (True, "IpPermissionsEgress")):
            peers = [
                peer
                for permission in group[key]
                for name in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
                for peer in permission[name]
            ]
            rules = [one for one in described["SecurityGroupRules"] if one["GroupId"] == group["GroupId"]]
            assert len(peers) == sum(one["IsEgress"] == egress for one in rules)
    refers = [
        one["ReferencedGroupInfo"]["GroupId"] for one in described["SecurityGroupRules"] if "ReferencedGroupInfo" in one
    ]
    assert set(refers) <= set(groups)
    assert len({one["SecurityGroupRuleId"] for one in described["SecurityGroupRules"]}) == len(
        described["SecurityGroupRules"]
    )


def test_the_network_before_lacks_one_rule(day: Scenario) -> None:
    """The network at the start of the window is that of the end without inbound rule 90 of the app ACL."""
    gone = {
        (acl.name, entry.number, entry.egress, entry.allow)
        for acl, earlier in zip(day.network.acls, day.network_before.acls, strict=True)
        for entry in set(acl.entries) - set(earlier.entries)
    }
    assert gone == {("app", 90, False, False)}
    assert day.network_before.rules == day.network.rules


def test_scale_adds_bustle_and_leaves_mistakes_alone() -> None:
    """A busier scenario has more of what scales, and the very same attempts of every inside mistake."""
    one, busy = scenario(hours=4), scenario(hours=4, scale=5)
    counts, more = one.truth["kind"].value_counts(), busy.truth["kind"].value_counts()
    assert more["scanner"] > 3 * counts["scanner"]
    assert more["normal"] > 3 * counts["normal"]
    attempts = [
        [*FIVE, "packets", "bytes", "action"],
        ["db-group", "scrape-port", "wrong-port", "nacl-deny", "nacl-ephemeral", "mail-egress", "mail-relay"],
    ]
    shown = [
        each.records()[each.truth["mistake"].isin(attempts[1])][attempts[0]].sort_values(attempts[0], ignore_index=True)
        for each in (one, busy)
    ]
    pd.testing.assert_frame_equal(shown[0], shown[1])


def test_a_large_day_is_made_at_once(record_testsuite_property: Any) -> None:
    """200,000 records and more are made in one go; how long it took is noted with the results."""
    begin = time.perf_counter()
    lines = scenario(seed=3, scale=20).lines()
    took = time.perf_counter() - begin
    assert len(lines) >= 200_000
    note = f"{len(lines):,} records made and written as lines in {took:.1f} s"
    record_testsuite_property("scenario", note)
    sys.stdout.write(note + "\n")


def test_several_days_have_a_probe_each_night() -> None:
    """The probe comes once a night, and a window that has no night in it has one all the same."""
    probes = {}
    for hours in (1, 60):
        one = scenario(hours=hours)
        probes[hours] = one.records().loc[one.truth["kind"] == "probe", "@timestamp"].dt.date.nunique()
    assert probes == {1: 1, 60: 3}


def test_values_handed_out_are_copies(day: Scenario) -> None:
    """Changing an answer does not change the next one."""
    first = day.records()
    first["action"] = "?"
    day.closes[:] = 0
    assert set(day.records()["action"].dropna()) == {"ACCEPT", "REJECT"}
    assert day.closes.min() > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "large"}, "there is no scenario 'large'; there is 'poc'"),
        ({"seed": -1}, "the seed is -1; give a whole number from 0"),
        ({"hours": 0}, "lasts 0 hours; give a whole number from 1"),
        ({"hours": 1.5}, "lasts 1.5 hours; give a whole number from 1"),
        ({"scale": 0}, "the scale is 0; give a number above 0"),
        ({"start": datetime(2026, 11, 1)}, "give an aware time on a whole hour"),  # noqa: DTZ001 - naive is the fault
        ({"start": datetime(2026, 11, 1, 0, 30, tzinfo=UTC)}, "give an aware time on a whole hour"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments: dict[str, Any], message: str) -> None:
    """A bad argument is refused at once, with its value and what to give instead."""
    with pytest.raises(ArgumentError, match=message):
        scenario(**arguments)


@pytest.mark.parametrize(
    "text", ["0.0.0.1", "10.20.30.40", "255.255.255.255", "2001:db8:20:a00::11", "2604:d2c0:2::ffff:1"]
)
def test_addresses_are_numbers_and_back(text: str) -> None:
    """An address survives its number."""
    assert address_text(address(text)) == text


def test_dice_are_the_raw_stream_and_stay_within_bounds() -> None:
    """Numbers are those noted here for ever, whatever numpy's version, and keep to their limits and weights."""
    assert Dice(7, "test").below(1000, 8).tolist() == [806, 562, 907, 143, 312, 267, 747, 60]
    assert set(Dice(1, "a").between(3, 5, 200).tolist()) == {3, 4, 5}
    drawn = Dice(1, "a").pick([10, 20, 30], 4000, [1, 0, 3])
    assert set(drawn.tolist()) == {10, 30}
    assert 2.5 < (drawn == 30).sum() / (drawn == 10).sum() < 3.5
