"""The Terraform document of edits, in Terraform's JSON syntax."""

from __future__ import annotations

from typing import Any

from rejectkit.network.changing.calls import described, peer_kind, tags_of
from rejectkit.network.changing.undofile import change_id
from rejectkit.network.export.parts import additions, words_of
from rejectkit.network.model import ICMP, ICMP6, PORTED, AclEntry, GroupRule, protocol_name
from rejectkit.plans.quoting import literal

_PEERS = {
    "CidrIp": "cidr_ipv4",
    "CidrIpv6": "cidr_ipv6",
    "PrefixListId": "prefix_list_id",
    "GroupId": "referenced_security_group_id",
}


def terraform(edits: Any) -> dict[str, Any]:
    """Return the Terraform document that adds what edits add; written to a file `rules.tf.json`.

    Region, account and credentials are the provider's.

    Parameters
    ----------
    edits : edit, suggestion, or iterable of them
        AddRule and AddEntry only.

    Returns
    -------
    dict
        The document; `json.dumps` of it is the file's text.

    Raises
    ------
    ArgumentError
        If an edit takes something away or replaces it, which Terraform cannot do to what it did not make.

    Notes
    -----
    Groups and network ACLs whose rules are written inside of them (`ingress` blocks) must not get rules so: Terraform
    would take them away. Source: schema of the provider hashicorp/aws 5.100.0, and the pages of its resources.

    Examples
    --------
    >>> from rejectkit.network.edits import AddRule
    >>> from rejectkit.network.model import GroupRule
    >>> found = terraform(AddRule(GroupRule("sg-0a1b", False, 6, 5432, 5432, "sg-0c2d")))
    >>> list(found["resource"])
    ['aws_vpc_security_group_ingress_rule']
    """
    targets = additions(edits, "Terraform")
    change = change_id(targets, "", "")
    resources: dict[str, dict[str, Any]] = {}
    for one in targets:
        thing, label = one.thing, "_".join(words_of(one))
        if isinstance(thing, AclEntry):
            resources.setdefault("aws_network_acl_rule", {})[label] = _entry(one.resource, thing)
        else:
            kind = f"aws_vpc_security_group_{'egress' if thing.egress else 'ingress'}_rule"
            resources.setdefault(kind, {})[label] = _rule(thing, change)
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}}},
        "resource": resources,
    }


def _rule(rule: GroupRule, change: str) -> dict[str, Any]:
    found: dict[str, Any] = {"security_group_id": rule.group, "ip_protocol": protocol_name(rule.protocol)}
    if rule.protocol in (*PORTED, ICMP, ICMP6):
        found |= {"from_port": rule.from_port, "to_port": rule.to_port}
    owner = f"{rule.peer_owner}/" if rule.peer_owner and rule.peer.startswith("sg-") else ""
    return {
        **found,
        _PEERS[peer_kind(rule)[1]]: owner + rule.peer,
        "description": literal(described(rule)),
        "tags": {literal(key): literal(value) for key, value in tags_of(rule, change, {})},
    }


def _entry(acl: str, entry: AclEntry) -> dict[str, Any]:
    found: dict[str, Any] = {
        "network_acl_id": acl,
        "rule_number": entry.number,
        "egress": entry.egress,
        "protocol": str(entry.protocol),
        "rule_action": "allow" if entry.allow else "deny",
        "ipv6_cidr_block" if ":" in entry.cidr else "cidr_block": entry.cidr,
    }
    if entry.protocol in PORTED:
        found |= {"from_port": entry.from_port, "to_port": entry.to_port}
    if entry.protocol in (ICMP, ICMP6):
        found |= {"icmp_type": entry.icmp_type, "icmp_code": entry.icmp_code}
    return found
