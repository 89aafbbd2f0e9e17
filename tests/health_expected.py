"""What health says of each fault that is planted, and what its mend does."""

from __future__ import annotations

from tests.flowlog_lab import GROUP
from tests.health_bench import ACCOUNT, NAME, QUEUE, REGION, TOPIC

RECIPE = (
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, windowstart, "
    'windowend, action="REJECT", flowlogstatus]'
)
ALL_LINES = RECIPE.replace('="REJECT"', "")
NO_PUBLISH = f"The policy of the topic {TOPIC} does not let the alarm publish: "
ENCRYPTED = f"The topic {TOPIC} is encrypted with "
NO_SEND = f"The policy of the queue {QUEUE} does not let {TOPIC} send to it: "

# What is found of each fault: how much it matters, the sentence, and the lines of its mend that make all well again.
EXPECTED: dict[str, tuple[str, str, int]] = {
    "flow_log_deleted": (
        "warning",
        f"No flow log of eu-west-1 delivers into {GROUP}: no record comes, and the alarm has nothing to judge.",
        0,
    ),
    "flow_log_to_another_group": (
        "warning",
        f"No flow log of eu-west-1 delivers into {GROUP} ({{flow_log}} of {{vpc}} delivers to /lab/other): no record "
        "comes, and the alarm has nothing to judge.",
        0,
    ),
    "delivery_failed": (
        "warning",
        f"The delivery of {{flow_log}} to {GROUP} fails with 'Access error': no record arrives.",
        0,
    ),
    "only_accepted": (
        "warning",
        "{flow_log} records only accepted traffic of {vpc}: what is refused cannot be seen.",
        2,
    ),
    "no_more_records": (
        "warning",
        f"No data has come into {GROUP} for 2 hours: its newest record is of 2026-11-01 00:11 UTC.",
        0,
    ),
    "log_group_deleted": (
        "warning",
        f"The log group {GROUP} does not exist in eu-west-1: nothing is recorded, and its metric filters went with it.",
        0,
    ),
    "infrequent_access": (
        "warning",
        f"{GROUP} is of the Infrequent Access class: it can have no metric filter, and so no alarm on one, its events "
        "can be read by Logs Insights only, and a query has at most 2 stats stages.",
        0,
    ),
    "filter_deleted": (
        "warning",
        f"The metric filter '{NAME}' is missing on {GROUP}: nothing counts rejects, so the metric has no data and the "
        "alarm never sees one.",
        1,
    ),
    "filter_on_another_group": (
        "warning",
        f"The metric filter '{NAME}' is on the log group /lab/other, not on {GROUP}: lines of {GROUP} are not counted.",
        2,
    ),
    "filter_of_another_name": (
        "notice",
        f"The metric filter '{NAME}' is not there, and 'by-hand' counts into its metric: what the monitor says of it "
        "cannot be held against that one.",
        2,
    ),
    "second_filter": (
        "notice",
        f"The metric filter 'by-hand' of {GROUP} counts into VPCFlowLogs/RejectPackets too: the alarm cannot tell its "
        "lines from those of this monitor, and a line that both match counts twice.",
        1,
    ),
    "pattern_asks_too_many_fields": (
        "warning",
        f"The pattern of '{NAME}' asks for at least 15 fields, and a line of {{flow_log}} has 14: it matches none.",
        1,
    ),
    "pattern_of_another_port": (
        "warning",
        f"The pattern of '{NAME}' matches none of the latest refused flows that it should match (1): they are not "
        "counted.",
        1,
    ),
    "pattern_of_all_lines": (
        "warning",
        f"The pattern of '{NAME}' is '{ALL_LINES}', and the monitor says '{RECIPE}': other lines "
        "are counted than are meant.",
        1,
    ),
    "pattern_swallows_the_tail": (
        "warning",
        f"The pattern of '{NAME}' has a condition on its last field, action, and lines of {{flow_log}} have more "
        "fields: it is compared with all the rest of the line, and fails.",
        1,
    ),
    "recipe_on_a_custom_format": (
        "warning",
        f"The pattern of '{NAME}' tests the wrong columns of {{flow_log}}, whose lines have 8 fields: what it says of "
        "action is compared with dstPort.",
        1,
    ),
    "recipe_of_fourteen_columns": (
        "warning",
        f"The pattern of '{NAME}' asks for at least 14 fields, and a line of {{flow_log}} has 8: it matches none.",
        1,
    ),
    "value_is_not_one": (
        "warning",
        f"The metric filter '{NAME}' adds $packets for a line that matches, not 1: the metric is no count of rejects, "
        "and the threshold means something else.",
        1,
    ),
    "default_is_not_zero": (
        "warning",
        f"The metric filter '{NAME}' adds 1 for each line that does not match, not 0: accepted traffic is counted as "
        "if it were refused.",
        1,
    ),
    "no_default": (
        "notice",
        f"The metric filter '{NAME}' has no default value: minutes with traffic and without a reject have no "
        "datapoint, so that quiet and broken look the same.",
        1,
    ),
    "dimensions": (
        "warning",
        f'The metric filter \'{NAME}\' gives its metric the dimensions {{{{"eni": "$eni"}}}}: with them no default '
        "value is possible, each of their values is a metric of its own that is paid for, and an alarm on the metric "
        "without dimensions sees none of them.",
        1,
    ),
    "namespaces_differ": (
        "warning",
        "The filter counts into VPCFlowLogs/RejectPackets and the alarm watches VPC/FlowLogs/RejectPackets: their "
        "namespace differs, so the alarm sees nothing of what is counted.",
        1,
    ),
    "metric_names_differ": (
        "warning",
        "The filter counts into VPCFlowLogs/Rejects and the alarm watches VPCFlowLogs/RejectPackets: their metric name "
        "differs, so the alarm sees nothing of what is counted.",
        1,
    ),
    "both_of_another_metric": (
        "notice",
        "Filter and alarm are both of the metric VPCFlowLogs/Rejects, and the monitor says VPCFlowLogs/RejectPackets: "
        "they work together, but somebody changed them by hand.",
        2,
    ),
    "alarm_with_dimensions": (
        "warning",
        "The alarm watches VPCFlowLogs/RejectPackets with the dimensions eni=eni-1, and the filter gives it none: that "
        "is another metric, which has no data.",
        1,
    ),
    "alarm_deleted": (
        "warning",
        f"The alarm '{NAME}' is missing in eu-west-1: whatever is counted, nobody is told.",
        1,
    ),
    "alarm_of_another_kind": (
        "warning",
        f"'{NAME}' in eu-west-1 is a log alarm, and the monitor wants a metric alarm.",
        0,
    ),
    "rule_differs": (
        "warning",
        f"The rule of the alarm '{NAME}' is not the monitor's (there → wanted): Threshold: 1000 → 0; TreatMissingData: "
        "breaching → notBreaching.",
        1,
    ),
    "average": (
        "warning",
        f"The alarm '{NAME}' judges the Average of a metric that has a default value of 0: every accepted flow adds a "
        "0, so that a few rejects among much traffic are next to nothing.",
        1,
    ),
    "samples": (
        "warning",
        f"The alarm '{NAME}' judges the SampleCount of a metric that has a default value of 0: every line of the log "
        "is a sample, accepted flows too.",
        1,
    ),
    "unit": (
        "warning",
        f"The alarm '{NAME}' asks for datapoints of the unit Count, and a filter's metric has none: no datapoint fits.",
        1,
    ),
    "actions_disabled": (
        "warning",
        f"The actions of the alarm '{NAME}' are disabled: its state changes, and nobody is told.",
        1,
    ),
    "no_action": (
        "warning",
        f"The alarm '{NAME}' has no action on ALARM: its state changes, and nobody is told.",
        1,
    ),
    "another_topic": (
        "warning",
        f"The alarm '{NAME}' tells arn:aws:sns:{REGION}:{ACCOUNT}:other, and not the monitor's topic {TOPIC}.",
        1,
    ),
    "topic_that_is_not_there": (
        "warning",
        f"The alarm '{NAME}' tells arn:aws:sns:{REGION}:{ACCOUNT}:gone, which does not exist, and not the monitor's "
        f"topic {TOPIC}.",
        1,
    ),
    "told_on_ok_too": (
        "notice",
        f"The actions of the alarm '{NAME}' on OK are arn:aws:sns:{REGION}:{ACCOUNT}:gone, and the monitor wants none; "
        f"arn:aws:sns:{REGION}:{ACCOUNT}:gone does not exist.",
        1,
    ),
    "last_notice_failed": (
        "notice",
        f"The last notice of the alarm '{NAME}' to {TOPIC} failed at 2026-11-01 00:11 UTC: 'Resource: "
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{NAME} is not authorized to perform: SNS:Publish on resource: "
        f"{TOPIC}'; the last one that went through was at 2026-11-01 00:02 UTC.",
        0,
    ),
    "topic_deleted": ("warning", f"The topic {TOPIC} does not exist: what the alarm tells it is lost.", 0),
    "policy_without_cloudwatch": (
        "warning",
        NO_PUBLISH + "no statement of it allows cloudwatch.amazonaws.com SNS:Publish.",
        1,
    ),
    "policy_for_another_account": (
        "warning",
        NO_PUBLISH + "its statement 'AlarmPublishes' asks for StringEquals aws:SourceAccount 999999999999, and it is "
        f"{ACCOUNT}.",
        1,
    ),
    "policy_for_another_alarm": (
        "warning",
        NO_PUBLISH + f"its statement 'AlarmPublishes' asks for ArnLike aws:SourceArn arn:aws:cloudwatch:{REGION}:"
        f"{ACCOUNT}:alarm:Other*, and it is arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{NAME}.",
        1,
    ),
    "policy_for_an_organization": (
        "notice",
        f"Whether the policy of the topic {TOPIC} lets the alarm publish cannot be told: its statement "
        "'AlarmPublishes' asks for StringEquals aws:SourceOrgID o-1, which cannot be told from here.",
        1,
    ),
    "policy_denies": ("warning", NO_PUBLISH + "its statement 'Closed' denies it.", 1),
    "encrypted_by_aws": (
        "warning",
        ENCRYPTED + "alias/aws/sns, AWS's own key, which CloudWatch may not use: every notice fails.",
        1,
    ),
    "encrypted_for_others": (
        "warning",
        ENCRYPTED + "alias/notices, a key whose policy does not let CloudWatch use it: no statement of it allows "
        "cloudwatch.amazonaws.com kms:Decrypt. Every notice fails.",
        1,
    ),
    "encrypted_with_a_disabled_key": (
        "warning",
        ENCRYPTED + "alias/notices, a key that is Disabled: every notice fails.",
        1,
    ),
    "encrypted_with_no_key": (
        "warning",
        ENCRYPTED + "alias/nowhere, a key that does not exist: every notice fails.",
        1,
    ),
    "nobody_subscribed": (
        "warning",
        f"The topic {TOPIC} has no subscription: a notice reaches nobody, and the monitor names sqs {QUEUE}.",
        1,
    ),
    "another_subscribed": (
        "warning",
        f"sqs {QUEUE} is not subscribed to {TOPIC}, and is told nothing.",
        1,
    ),
    "queue_deleted": (
        "warning",
        f"The queue {QUEUE}, which {TOPIC} tells, does not exist: what is sent to it is lost.",
        1,
    ),
    "queue_without_policy": (
        "warning",
        NO_SEND + "no statement of it allows sns.amazonaws.com SQS:SendMessage.",
        1,
    ),
    "queue_for_another_topic": (
        "warning",
        NO_SEND + f"its statement 1 asks for ArnEquals aws:SourceArn {TOPIC}-2, and it is {TOPIC}.",
        1,
    ),
    "function_deleted": (
        "warning",
        f"The function arn:aws:lambda:{REGION}:{ACCOUNT}:function:notify, which {TOPIC} tells, does not exist or has "
        "no policy: SNS may not.",
        0,
    ),
    "filter_policy": (
        "notice",
        f'The subscription of sqs {QUEUE} to {TOPIC} has the filter policy {{{{"kind": ["page"]}}}}: an alarm\'s '
        "notice has no message attributes, so what asks for one keeps it back.",
        1,
    ),
}
