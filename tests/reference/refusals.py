"""Queries that every part of the project refuses, with the service's wording where that is recorded.

Sources: docs.aws.amazon.com CWL_QuerySyntax-Stats, -Dedup, -Limit and -operations-functions; the two wordings
are from answers of the live service. None stands for a refusal whose wording is each one's own.
"""

from __future__ import annotations

NAMES_ERROR = "Ephemeral field is already defined: "
UNKNOWN = "Unknown symbols found in or after stats: "
REFUSED = [
    ("fields a as n | fields b as n", f"{NAMES_ERROR}n ([23,28])"),
    ("fields a as n | fields n", f"{NAMES_ERROR}n ([23,23])"),
    ("fields a as n, b as n", f"{NAMES_ERROR}n ([15,20])"),
    ("stats avg(a) as n | stats avg(n) as n", f"{NAMES_ERROR}n ([26,36])"),
    ("stats count(*) as n by a as n", None),
    ('parse @message "*" as n | parse @message "* *" as m, n', None),
    ("parse @message /(?<n>x)/ | stats sum(n) as n", f"{NAMES_ERROR}n ([33,43])"),
    ("stats count(*) as n by a | filter b = 1", f"{UNKNOWN}b"),
    ("stats count(*) as n by a | sort b", f"{UNKNOWN}b"),
    ("stats count(*) as n by a | display b", f"{UNKNOWN}b"),
    ("stats count(*) as n by a | dedup b", f"{UNKNOWN}b"),
    ("stats count(*) as n by a | fields strlen(@message) as l", f"{UNKNOWN}@message"),
    ("stats count(*) as n by a | stats max(b) as m", f"{UNKNOWN}b"),
    ("stats count(*) as n by a | stats max(n) as m by b", f"{UNKNOWN}b"),
    ("stats count(*) as n by a | stats max(n) as m by bin(5m)", None),
    ("stats count(*) as n by a | sort n | stats max(n) as m", None),
    ("stats count(*) as n by a | limit 5 | stats max(n) as m", None),
    ("limit 5 | stats count(*) as n", None),
    ("fields a | dedup a | sort a", None),
    ("fields a | dedup a | filter a = 1", None),
    ("fields a | dedup a | dedup a", None),
    ("stats count(*) as n0 by a " + "".join(f"| stats max(n{i}) as n{i + 1} " for i in range(10)), None),
    ("fields count(*) as n", None),
    ("filter sum(a) > 1", None),
    ("stats sum(max(a)) as n", None),
    ("stats a by b", None),
    ("stats count(a, b) as n", None),
    ("stats pct(a) as p", None),
    ("fields nosuchfunction(a) as n", None),
    ("fields strlen(a, b) as n", None),
    ("fields if(a, b) as n", None),
    ("fields replace(a, b) as n", None),
    ("filter strlen() > 1", None),
    ('fields strcontains(a, "x", 1) as n', None),
    ("fields bin(0m) as n", None),
    ("fields bin(5) as n", None),
    ("filter a = 5m", None),
    ('filter isIpv4InSubnet(a, "10.0.0.0/33")', None),
    ('filter isIpv4InSubnet(a, "fd00::/8")', None),
    ("stats pct(a, 101) as p", None),
    ('fields regexReplace(a, "(", "b") as n', None),
    ('fields regexReplace(a, "(b)", "$2") as n', None),
    ("fields a | limit 100001", None),
]
OUTSIDE = ["fields a | pattern a", "fields jsonParse(a) as j", 'fields split(a, ",") as n', "filter a = 1 | diff",
           "stats values(a) as v", "stats topk(3, a)", "SOURCE logGroups() | fields a", "fields a | anomaly", "unnest a into b"]  # fmt: skip
