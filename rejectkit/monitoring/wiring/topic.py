"""What can be amiss from the alarm to whoever is told: actions, topic, policy, key and subscriptions; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rejectkit.findings import Finding
from rejectkit.monitoring.deploying import members, wanted
from rejectkit.monitoring.deploying.deployed import Subscriber
from rejectkit.monitoring.wiring import mends as wiringmends
from rejectkit.monitoring.wiring.alarm import differing
from rejectkit.monitoring.wiring.policies import Asked, judge
from rejectkit.monitoring.wiring.topicreading import AWS_KEY
from rejectkit.monitoring.wiring.values import Key, Place, Topic, Wiring
from rejectkit.sources.cloudwatch import mends

CLOUDWATCH: Final = "cloudwatch.amazonaws.com"
SNS: Final = "sns.amazonaws.com"
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
_STATES: Final = {"AlarmActions": "ALARM", "OKActions": "OK", "InsufficientDataActions": "INSUFFICIENT_DATA"}


def action_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield that the alarm tells nobody, another topic, or a topic that is not there."""
    if wiring.alarm is None or wiring.alarm.kind != members.alarm_kind(wiring.monitor):
        return
    put = f"Put the alarm again: {wiringmends.put_alarm(wiring)}."
    told, name, topic = wiring.alarm.told, wiring.monitor.alarm_name, wiring.topic_arn
    actions = list(told.get("AlarmActions", ()))
    gone = [arn for arn, one in wiring.topics.items() if one.presence == "gone" and arn != topic]
    if not actions:
        sentence = f"The alarm {name!r} has no action on ALARM: its state changes, and nobody is told."
        yield Finding(sentence, "warning", mend=put)
    elif topic not in actions:
        named = [f"{arn}, which does not exist" if arn in gone else arn for arn in actions]
        sentence = f"The alarm {name!r} tells {mends.some(named)}, and not the monitor's topic {topic}."
        yield Finding(sentence, "warning", mend=put)
    for member, field in differing(wiring).items():
        if member not in _STATES or (member == "AlarmActions" and topic not in actions):
            continue
        sentence = (
            f"The actions of the alarm {name!r} on {_STATES[member]} are {field.before or 'none'}, and the monitor "
            f"wants {field.after or 'none'}{_which(gone, field.before or '')}."
        )
        yield Finding(sentence, "notice", mend=put)


def _which(gone: list[str], actions: str) -> str:
    named = [arn for arn in gone if arn in actions.split(", ")]
    return f"; {mends.some(named)} does not exist" if named else ""


def topic_checks(wiring: Wiring) -> Iterator[Finding]:
    """Yield that the monitor's topic is not there, that CloudWatch may not publish to it, or that it tells nobody."""
    topic = wiring.topic
    there = topic.arn.split(":")[3]
    if there != wiring.region:
        sentence = (
            f"The topic {topic.arn} is in {there}: an alarm in {wiring.region} can tell topics of {wiring.region} only."
        )
        yield Finding(sentence, "warning", mend=f"Give the monitor a topic of {wiring.region}, and apply again.")
    if topic.presence == "gone":
        make = (
            f"Make it, {wiringmends.create_topic(wiring)}, then plan and apply the monitor, which sets policy and "
            "subscriptions again."
            if wiring.monitor.owns_topic
            else "Give the monitor a topic there is."
        )
        sentence = f"The topic {topic.arn} does not exist: what the alarm tells it is lost."
        yield Finding(sentence, "warning", mend=make)
    if topic.presence != "there":
        return
    yield from _policy_checks(wiring, topic)
    if topic.key is not None:
        yield from _key_checks(wiring, topic.key)
    told = list(_subscriber_checks(wiring, topic))
    yield from told or _failure_checks(wiring, topic)


def _policy_checks(wiring: Wiring, topic: Topic) -> Iterator[Finding]:
    alarm = wiring.monitor.alarm_arn(wiring.region, wiring.account)
    asked = Asked(CLOUDWATCH, "SNS:Publish", topic.arn, alarm, wiring.account)
    verdict = judge(topic.policy, asked)
    if verdict.answer == "yes":
        return
    mend = f"Let it: {wiringmends.allow_alarm(wiring, topic, asked)}."
    if verdict.answer == "no":
        sentence = f"The policy of the topic {topic.arn} does not let the alarm publish: {verdict.why}."
        yield Finding(sentence, "warning", mend=mend)
    else:
        sentence = f"Whether the policy of the topic {topic.arn} lets the alarm publish cannot be told: {verdict.why}."
        yield Finding(sentence, "notice", mend=mend)


def _key_checks(wiring: Wiring, key: Key) -> Iterator[Finding]:
    name = wiring.topic_arn
    plain = wiringmends.call(
        wiring, *("sns", "set-topic-attributes", "--topic-arn", name, "--attribute-name", "KmsMasterKeyId"),
        "--attribute-value=",
    )  # fmt: skip
    other = f"Take a key of your own whose policy allows {CLOUDWATCH}, or no key: {plain}."
    head = f"The topic {name} is encrypted with {key.name}"
    if key.name.endswith(AWS_KEY):
        sentence = f"{head}, AWS's own key, which CloudWatch may not use: every notice fails."
        yield Finding(sentence, "warning", mend=other)
    elif key.presence == "gone":
        yield Finding(f"{head}, a key that does not exist: every notice fails.", "warning", mend=other)
    elif key.state not in ("", "Enabled"):
        enable = wiringmends.call(wiring, "kms", "enable-key", "--key-id", key.arn.rpartition("/")[2])
        again = f"Enable it: {enable}." if key.state == "Disabled" else other
        yield Finding(f"{head}, a key that is {key.state}: every notice fails.", "warning", mend=again)
    elif key.presence == "there":
        alarm = wiring.monitor.alarm_arn(wiring.region, wiring.account)
        verdicts = [judge(key.policy, Asked(CLOUDWATCH, one, "", alarm, wiring.account)) for one in _KEY_ACTIONS]
        bad = next((one for one in verdicts if one.answer == "no"), None)
        unsure = next((one for one in verdicts if one.answer == "unsure"), None)
        mend = f"Let it: {wiringmends.allow_key(wiring, key.arn, key.policy)}."
        if bad is not None:
            sentence = f"{head}, a key whose policy does not let CloudWatch use it: {bad.why}. Every notice fails."
            yield Finding(sentence, "warning", mend=mend)
        elif unsure is not None:
            sentence = f"{head}, and whether the key's policy lets CloudWatch use it cannot be told: {unsure.why}."
            yield Finding(sentence, "notice", mend=mend)


def _subscriber_checks(wiring: Wiring, topic: Topic) -> Iterator[Finding]:
    if topic.subscribers is None:
        return
    there = {(one.protocol, one.endpoint): one for one in topic.subscribers}
    want = wanted.subscriptions(wiring.monitor)
    missing = [one for one in want if (one.protocol, one.endpoint) not in there]
    if not topic.subscribers:
        named = [f"{one.protocol} {one.endpoint}" for one in want]
        calls = [wiringmends.subscribe(wiring, topic.arn, one.protocol, one.endpoint) for one in want] or [
            wiringmends.subscribe(wiring, topic.arn, "email", "ADDRESS")
        ]
        more = f", and the monitor names {mends.some(named)}" if named else ""
        sentence = f"The topic {topic.arn} has no subscription: a notice reaches nobody{more}."
        yield Finding(sentence, "warning", mend=f"Subscribe somebody: {' and '.join(calls)}.")
        return
    for lacking in missing:
        call = wiringmends.subscribe(wiring, topic.arn, lacking.protocol, lacking.endpoint)
        sentence = f"{lacking.protocol} {lacking.endpoint} is not subscribed to {topic.arn}, and is told nothing."
        yield Finding(sentence, "warning", mend=f"Subscribe it: {call}.")
    wished = {(one.protocol, one.endpoint) for one in want}
    reached = any(not one.pending for one in topic.subscribers)
    for subscriber in topic.subscribers:
        if subscriber.pending and ((subscriber.protocol, subscriber.endpoint) in wished or not reached):
            yield _pending(wiring, topic, subscriber)
    for subscriber, place in topic.places.items():
        yield from _place_checks(wiring, topic, subscriber, place)
    for subscriber, policy in topic.filters.items():
        clear = wiringmends.call(
            wiring, *("sns", "set-subscription-attributes", "--subscription-arn", subscriber.arn),
            *("--attribute-name", "FilterPolicy", "--attribute-value", "{}"),
        )  # fmt: skip
        sentence = (
            f"The subscription of {subscriber.name} to {topic.arn} has the filter policy {policy}: an alarm's notice "
            "has no message attributes, so what asks for one keeps it back."
        )
        yield Finding(sentence, "notice", mend=f"Take it away: {clear}.")


def _failure_checks(wiring: Wiring, topic: Topic) -> Iterator[Finding]:
    """Yield that deliveries failed, where nothing that was seen of the subscriptions tells why."""
    if wiring.failed:
        sentence = (
            f"Deliveries of the topic {topic.arn} have failed in the last day ({wiring.failed:.0f}), and nothing of "
            "its subscriptions shows why: a web address that does not answer, or what was mended meanwhile."
        )
        listed = wiringmends.call(wiring, "sns", "list-subscriptions-by-topic", "--topic-arn", topic.arn)
        yield Finding(sentence, "notice", mend=f"Look who is subscribed, {listed}, and publish a test to them.")


def _pending(wiring: Wiring, topic: Topic, one: Subscriber) -> Finding:
    again = wiringmends.subscribe(wiring, topic.arn, one.protocol, one.endpoint)
    sentence = (
        f"The subscription of {one.name} to {topic.arn} waits for its confirmation: nothing is delivered to it before, "
        "and nothing is made up for later."
    )
    how = "Click the link in the mail" if one.protocol.startswith("email") else "Let the receiver confirm it"
    return Finding(sentence, "warning", mend=f"{how}, within two days; for another one: {again}.")


def _place_checks(wiring: Wiring, topic: Topic, one: Subscriber, place: Place) -> Iterator[Finding]:
    end = wiringmends.call(wiring, "sns", "unsubscribe", "--subscription-arn", one.arn)
    region = one.endpoint.split(":")[3]
    if place.presence == "gone" and one.protocol == "sqs":
        make = wiringmends.make_queue(one.endpoint, topic.arn)
        sentence = f"The queue {one.endpoint}, which {topic.arn} tells, does not exist: what is sent to it is lost."
        yield Finding(sentence, "warning", mend=f"Make it, {make}, or end the subscription: {end}.")
    elif place.presence == "gone":
        allow = mends.command(
            *("aws", "lambda", "add-permission", "--region", region, "--function-name", one.endpoint),
            *("--statement-id", "TopicInvokes", "--action", "lambda:InvokeFunction", "--principal", SNS),
            *("--source-arn", topic.arn),
        )
        sentence = (
            f"The function {one.endpoint}, which {topic.arn} tells, does not exist or has no policy: SNS may not."
        )
        yield Finding(sentence, "warning", mend=f"Let SNS invoke it, {allow}, or end the subscription: {end}.")
    elif place.presence == "there":
        action = "SQS:SendMessage" if one.protocol == "sqs" else "lambda:InvokeFunction"
        verdict = judge(place.policy, Asked(SNS, action, one.endpoint, topic.arn, topic.arn.split(":")[4]))
        if verdict.answer == "no":
            mend = (
                f"Let it: {wiringmends.allow_queue(place.url, place.policy, one.endpoint, topic.arn)}."
                if one.protocol == "sqs"
                else f"Give the function a permission for {SNS}, or end the subscription: {end}."
            )
            kind = "queue" if one.protocol == "sqs" else "function"
            sentence = f"The policy of the {kind} {one.endpoint} does not let {topic.arn} send to it: {verdict.why}."
            yield Finding(sentence, "warning", mend=mend)
