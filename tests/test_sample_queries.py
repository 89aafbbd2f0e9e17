"""Every query for VPC flow logs that AWS documents, or that a tool in use sends, on the sample in `data/`."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import rejectkit as rk
from rejectkit.errors import RejectkitWarning
from rejectkit.insights import parse
from rejectkit.window import Window
from tests.reference.compare import disagreement
from tests.reference.interpreter import evaluate
from tests.reference.records import DEFAULT

HOUR = Window.parse("2026-11-01 08:00", "2026-11-01 09:00")

# docs.aws.amazon.com CWL_QuerySyntax-examples (VPC flow logs, NAT gateway), -Stats and -Parse; the custom format is of
# re:Post's knowledge center; the last three are of pete911/flowlogs, IBM stix-shifter and Tamnoon's playbooks.
QUERIES = {
    "vpc packets": """stats sum(packets) as packetsTransferred by srcAddr, dstAddr
    | sort packetsTransferred  desc
    | limit 15""",
    "vpc subnet": """filter isIpv4InSubnet(srcAddr, "192.0.2.0/24")
    | stats sum(bytes) as bytesTransferred by dstAddr
    | sort bytesTransferred desc
    | limit 15""",
    "vpc udp": "filter protocol=17 | stats count(*) by srcAddr",
    "vpc skipdata": """filter logStatus="SKIPDATA"
    | stats count(*) by bin(1h) as t
    | sort t
""",
    "vpc dedup": """fields @timestamp, srcAddr, dstAddr, srcPort, dstPort, protocol, bytes
| filter logStream = 'vpc-flow-logs' and interfaceId = 'eni-0123456789abcdef0'
| sort @timestamp desc
| dedup srcAddr, dstAddr, srcPort, dstPort, protocol
| limit 20""",
    "nat to": """filter (dstAddr like 'x.x.x.x' and srcAddr like 'y.y.')
| stats sum(bytes) as bytesTransferred by srcAddr, dstAddr
| sort bytesTransferred desc
| limit 10""",
    "nat both": """filter (dstAddr like 'x.x.x.x' and srcAddr like 'y.y.') or (srcAddr like 'xxx.xx.xx.xx' and dstAddr like 'y.y.')
| stats sum(bytes) as bytesTransferred by srcAddr, dstAddr
| sort bytesTransferred desc
| limit 10""",
    "nat out": """filter (srcAddr like 'x.x.x.x' and dstAddr not like 'y.y.')
| stats sum(bytes) as bytesTransferred by srcAddr, dstAddr
| sort bytesTransferred desc
| limit 10""",
    "nat in": """filter (dstAddr like 'x.x.x.x' and srcAddr not like 'y.y.')
| stats sum(bytes) as bytesTransferred by srcAddr, dstAddr
| sort bytesTransferred desc
| limit 10""",
    "stats avg": "stats avg(bytes) by dstAddr",
    "stats avg max": "stats avg(bytes), max(bytes) by dstAddr",
    "parse eni": "parse @message /(?<NetworkInterface>eni-.*?) / | display NetworkInterface, @message",
    "custom format": """#Retrieve latest custom VPC Flow Logs
parse @message "* * * * * * * * * * * * * * * * * * * * * * * * * * *" as account_id, vpc_id, subnet_id, interface_id,instance_id, srcaddr, srcport, dstaddr, dstport, protocol, packets, bytes, action, log_status, start, end, flow_direction, traffic_path, tcp_flags, pkt_srcaddr, pkt_src_aws_service, pkt_dstaddr, pkt_dst_aws_service, region, az_id, sublocation_type, sublocation_id
| sort start desc
| limit 2""",
    "flowlogs": """fields @timestamp, action, bytes, pktDstAddr, dstAddr, dstPort, flowDirection, packets, pktSrcAddr, srcAddr, srcPort, logStatus, protocol, trafficPath
| filter logStatus != "NODATA"
| filter logStatus != "SKIPDATA"
| sort @timestamp desc
| limit 1000""",
    "stix-shifter": """fields @timestamp, srcAddr, dstAddr, srcPort, dstPort, protocol, start, end, accountId, interfaceId | filter strlen(srcAddr) > 0 or strlen(dstAddr) > 0 or strlen(protocol) > 0 | filter ((tolower(srcAddr) = tolower('172.31.88.63') OR tolower(dstAddr) = tolower('172.31.88.63')))""",
    "tamnoon": r"""filter action="ACCEPT"  | filter dstPort<=1024 or (dstPort>1024 and srcPort>1024) | filter dstPort in [22] and ( srcAddr not like /^(?:10|127|172\.(?:1[6-9]|2[0-9]|3[01])|192\.168)\..*$/ ) | stats count(*) as count by interfaceId, srcAddr, srcPort, dstAddr, dstPort  | sort by count desc  | limit 10000""",
}
FINDS_SOMETHING = {
    "vpc packets",
    "vpc udp",
    "vpc skipdata",
    "stats avg",
    "stats avg max",
    "parse eni",
    "custom format",
    "flowlogs",
}


@pytest.fixture(scope="module")
def source(root: Path) -> rk.FileSource:
    """The sample."""
    return rk.FileSource(root / "data" / "AWSLogs")


@pytest.fixture(scope="module")
def events(root: Path) -> list[dict[str, object]]:
    """Return the sample's events of one hour, read with nothing of rejectkit's."""
    start, end = HOUR.millis
    return [event for event in _sample(root / "data" / "AWSLogs") if start <= int(str(event["@timestamp"])) < end]


def _sample(folder: Path) -> Iterator[dict[str, object]]:
    names = [name for _, name in DEFAULT]
    for path in sorted(folder.rglob("*.log.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]:
            event = dict(zip(names, line.split(), strict=True))
            yield {"@timestamp": int(event["start"]) * 1000, "@message": line, **event}


@pytest.mark.parametrize("name", QUERIES)
def test_sample_query_answers(name: str, source: rk.FileSource, events: list[dict[str, object]]) -> None:
    """Each runs on the whole sample, and on an hour of it gives the interpreter's answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectkitWarning)  # some of these queries read fields that the format has not
        whole = source.run(QUERIES[name])
        hour = source.run(QUERIES[name], HOUR)
    assert len(whole) > 0 or name not in FINDS_SOMETHING
    assert disagreement(evaluate(parse(QUERIES[name]), events), hour) is None


def test_hour_has_records_of_every_kind(events: list[dict[str, object]]) -> None:
    """The hour compared is not an empty one."""
    assert {event["logStatus"] for event in events} >= {"OK", "NODATA"}
    assert {event["action"] for event in events} == {"ACCEPT", "REJECT", "-"}
