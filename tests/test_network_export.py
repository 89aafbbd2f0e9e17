"""Handing changes of rules over: as AWS CLI lines, CloudFormation and Terraform, each does what the plan would do."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from awscli.clidriver import create_clidriver
from botocore.validate import validate_parameters

from rejectkit.errors import ArgumentError
from rejectkit.network import cli, template, terraform
from rejectkit.network.changing.calls import call_of
from rejectkit.network.changing.plan import plan
from rejectkit.network.changing.targets import targets_of
from rejectkit.network.changing.undo import undo
from rejectkit.network.edits import AddEntry, AddRule, RemoveRule, ReplaceEntry
from rejectkit.network.model import AclEntry, GroupRule, Network, SecurityGroup
from rejectkit.sandbox import Limits, start
from tests.changing_rules import Lab, lab_in
from tests.wiring import ACCOUNT, at_once, no_time

GROUP, ACL = "sg-0a1b2c3d4e5f60718", "acl-0a1b2c3d4e5f60718"
RULES = (
    GroupRule(GROUP, False, 6, 5432, 5432, "sg-0c2d3e4f506172839", description="it's ${x} %{y} $(id) `id`"),
    GroupRule(GROUP, False, 6, 5432, 5432, "10.0.0.0/8"),
    GroupRule(GROUP, True, 17, -1, -1, "2001:db8::/32"),
    GroupRule(GROUP, True, -1, -1, -1, "sg-0c2d3e4f506172839"),
    GroupRule(GROUP, True, 6, 443, 443, "pl-0a1b2c3d4e5f60718"),
    GroupRule(GROUP, False, 1, 8, -1, "192.0.2.0/24"),
    GroupRule(GROUP, False, 50, -1, -1, "pl-0a1b2c3d4e5f60718"),
)
ENTRIES = (
    AclEntry(90, False, False, 6, "10.0.0.0/8", 22, 23),
    AclEntry(90, True, True, -1, "::/0"),
    AclEntry(91, True, True, 1, "10.0.0.0/8", icmp_type=3, icmp_code=4),
    AclEntry(92, True, True, 47, "10.0.0.0/8"),
)
ADDED = [*map(AddRule, RULES), *(AddEntry(ACL, one) for one in ENTRIES)]
REMOVED = [*(edit.undone for edit in ADDED), ReplaceEntry(ACL, ENTRIES[3], replace(ENTRIES[3], allow=False))]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A VPC in an account of its own."""
    with start(scenario=None, limits=Limits.unlimited()) as sandbox:
        yield lab_in(sandbox)


@pytest.mark.parametrize("edits", [ADDED, REMOVED[:-2], REMOVED[-1:]], ids=["added", "removed", "replaced"])
def test_every_call_fits_the_model_of_the_service(edits: list[Any]) -> None:
    """Each argument of a call, whether exported or made, has a name and a type that botocore's model knows."""
    model = botocore.session.get_session().get_service_model("ec2")
    for target in targets_of(edits):
        call = call_of(target, target.before, "text", (("a", "b"),))
        validate_parameters(dict(call.params), model.operation_model(call.operation).input_shape)


# --- AWS CLI


def words_of(script: str) -> list[list[str]]:
    """Return the calls of the CLI in a script, word by word, as a shell takes them apart."""
    blocks = script.replace("\\\n", " ").split("\n\n")[1:]
    return [shlex.split(block, comments=True) for block in blocks]


def test_the_lines_do_what_the_plan_does(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run by the AWS CLI they leave the rules that the plan leaves, in its order: ports, descriptions, tags and all."""
    for name, value in {**lab.sandbox.environment, "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_PAGER": ""}.items():
        monkeypatch.setenv(name, value)
    more = [AddRule(replace(one, group=lab.db, peer=lab.app)) for one in (RULES[0], RULES[3], RULES[5])]
    more[0] = AddRule(replace(more[0].rule, to_port=5440))
    edits, before = [*lab.edits(), *more], lab.everything()
    made = plan(edits, lab.sandbox.session, budget=at_once(), undo=tmp_path / "undo.json")
    made.apply(confirm=True, sleep=no_time)
    expected = lab.everything()
    undo(tmp_path / "undo.json", lab.sandbox.session, budget=at_once()).apply(sleep=no_time)
    assert lab.everything() == before
    script = cli(edits, replace(lab.network(), account=ACCOUNT, region="eu-west-1"))
    driver = create_clidriver()
    assert [driver.main(words[1:]) for words in words_of(script)] == [0] * len(edits)
    assert lab.everything() == expected


def test_a_shell_reads_every_text_as_it_is(tmp_path: Path) -> None:
    """Names and descriptions with quotes, dollars and line ends stay text: a stand-in for `aws` is given what is meant."""
    network = Network(
        groups=(SecurityGroup(GROUP, "db\n$(touch here)'", rules=(RULES[1],)),), account=ACCOUNT, region="eu-west-1"
    )
    script = tmp_path / "rules.sh"
    script.write_text(cli([AddRule(RULES[0]), RemoveRule(RULES[1])], network))
    stand_in = tmp_path / "aws"
    stand_in.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\" END\n")
    stand_in.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", str(script)], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert sorted(one.name for one in tmp_path.iterdir()) == ["aws", "rules.sh"]
    first, second, _ = (one.strip("\n").split("\n") for one in done.stdout.split("END"))
    assert first[:4] == ["ec2", "authorize-security-group-ingress", "--group-id", GROUP]
    (permission,) = json.loads(first[first.index("--ip-permissions") + 1])
    assert permission["UserIdGroupPairs"][0]["Description"] == "rejectkit: it_s ${x} _{y} $(id) _id_"
    (tagged,) = json.loads(first[first.index("--tag-specifications") + 1])
    assert [tag["Key"] for tag in tagged["Tags"]] == ["rejectkit:change"]
    assert second[:2] == ["ec2", "revoke-security-group-ingress"]
    assert "# sg-0a1b2c3d4e5f60718 (db\\n$(touch here)'): put in inbound tcp 5432" in script.read_text()


def test_lines_for_a_network_that_they_do_not_fit_are_refused() -> None:
    """What is there already, or is not there, is told before anything is written."""
    network = Network(groups=(SecurityGroup(GROUP, rules=(RULES[1],)),))
    with pytest.raises(ArgumentError, match=r"has that rule already: inbound tcp 5432 from 10\.0\.0\.0/8"):
        cli(AddRule(RULES[1]), network)
    with pytest.raises(ArgumentError, match="has no such rule: inbound icmp type 8"):
        cli(RemoveRule(RULES[5]), network)


# --- CloudFormation


def test_a_description_is_not_looked_up() -> None:
    """CloudFormation puts secrets in the place of `{{resolve:…}}`; what somebody wrote into a rule is no such request."""
    rule = replace(RULES[1], description="{{resolve:secretsmanager:db}} {{{x")
    ((_, one),) = template(AddRule(rule))["Resources"].items()
    assert one["Properties"]["Description"] == "rejectkit: {_resolve:secretsmanager:db}} {_{x"


def test_the_template_says_each_rule() -> None:
    """The kinds of peer have their properties, and every resource a name that it keeps whatever is beside it."""
    resources = template(ADDED)["Resources"]
    assert sorted({one["Type"] for one in resources.values()}) == [
        "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
    ]
    told = {name: one["Properties"] for name, one in resources.items()}
    peers = [
        {key for key in one if "Cidr" in key or "Prefix" in key or "SecurityGroup" in key} for one in told.values()
    ]
    assert {"SourceSecurityGroupId"} in peers
    assert {"DestinationPrefixListId"} in peers
    assert {"CidrIpv6"} in peers
    for edit in ADDED:
        ((name, one),) = template(edit)["Resources"].items()
        assert resources[name] == one
    assert len({*resources}) == len(ADDED)


def test_templates_pass_cfn_lint_without_a_word(tmp_path: Path) -> None:
    """No error, no warning, no remark; and the linter does look."""
    linter = Path(sys.executable).with_name("cfn-lint")
    if not linter.exists():
        pytest.skip("cfn-lint is not installed")
    (tmp_path / "rules.json").write_text(json.dumps(template(ADDED)))
    broken = template(ADDED)
    next(iter(broken["Resources"].values()))["Properties"]["GroupIdd"] = 1
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    words = [str(linter), "--include-checks", "I", "-t", str(tmp_path / "rules.json"), str(tmp_path / "broken.json")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "GroupIdd" in done.stdout
    assert "rules.json" not in done.stdout, done.stdout


@pytest.mark.parametrize("export", [template, terraform])
def test_what_a_template_cannot_say_is_refused(export: Any) -> None:
    """It adds; what it did not make it can neither take away nor replace, and the error says what can."""
    with pytest.raises(ArgumentError, match="cannot take away or replace what it did not make: 'inbound tcp 5432 from"):
        export([*ADDED[1:], RemoveRule(RULES[0])])
    with pytest.raises(ArgumentError, match="and 1 more; take `cli` or `plan` for these edits"):
        export([*(RemoveRule(one) for one in RULES[:3]), REMOVED[-1]])


# --- Terraform

PROVIDER: dict[str, Any] = json.loads((Path(__file__).parent / "tables" / "terraform_rules.json").read_text())[
    "resources"
]


def test_terraform_uses_the_providers_arguments() -> None:
    """Each argument is one that the provider's schema has, and each it requires is there; texts are no templates."""
    found = terraform(ADDED)["resource"]
    assert sum(map(len, found.values())) == len(ADDED)
    for kind, named in found.items():
        arguments = PROVIDER[kind]["arguments"]
        required = {name for name, type_ in arguments.items() if type_.endswith(", required")}
        for values in named.values():
            assert required <= values.keys() <= arguments.keys()
    texts = [one["description"] for one in found["aws_vpc_security_group_ingress_rule"].values()]
    assert "rejectkit: it_s $${x} _{y} $(id) _id_" in texts


def test_terraform_applies_and_sees_no_drift(lab: Lab, tmp_path: Path) -> None:
    """Terraform itself, with its AWS provider, makes in the sandbox just the rules that are wanted."""
    plugins = os.environ.get("REJECTKIT_TERRAFORM_PLUGINS")
    if not plugins or shutil.which("terraform") is None:
        pytest.skip(
            "no terraform on the path, or REJECTKIT_TERRAFORM_PLUGINS does not name a folder with its AWS provider"
        )
    here = lab_in(lab.sandbox)
    rules = [replace(one, group=here.db) for one in RULES if one.peer[:2] not in ("pl", "sg")]
    rules.append(replace(RULES[0], group=here.db, peer=here.app))
    edits = [*map(AddRule, rules), *(AddEntry(here.acl, replace(one, number=one.number + 60)) for one in ENTRIES[:3])]
    (tmp_path / "rules.tf.json").write_text(json.dumps(terraform(edits)))
    provider = {
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "endpoints": dict.fromkeys(("ec2", "sts"), lab.sandbox.endpoint_url),
    }
    (tmp_path / "provider.tf.json").write_text(json.dumps({"provider": {"aws": provider}}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}

    def run(*words: str) -> str:
        done = subprocess.run(
            ["terraform", *words, "-no-color"],
            cwd=tmp_path,
            env={**environment, **lab.sandbox.environment, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("init", f"-plugin-dir={plugins}")
    run("validate")
    run("apply", "-auto-approve", "-input=false")
    made = plan(edits, lab.sandbox.session, budget=at_once(), undo=tmp_path / "undo.json")
    assert made.empty, str(made)
    assert "No changes" in run("plan", "-detailed-exitcode", "-input=false")
