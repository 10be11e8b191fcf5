"""Least privilege, both ways: each function's role may do what its code does, and is denied what it must not do.

The calls are made with the credentials of the deployed roles, under an IAM that is enforced. The table of what the
template allows is in tests/test_template_access.py; here it is seen to be enough, and to be no more. To which
partitions of the table a role is held is seen there alone: the emulator passes over conditions.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from linkback import queue, record
from linkback.desk.acts import Act, Acts, Scope
from linkback.desk.desk import is_suffix
from linkback.desk.ledger import Ledger
from linkback.desk.sessions import Sessions, cookie
from linkback.index import Index, public, thread
from linkback.mention import Mention, Relation
from linkback.ping import Ping, Protocol, Status
from linkback.policy import Policy, SelfMentions
from linkback.published import Published
from linkback.rules import Action, Kind, Rule
from linkback.site import Sites
from linkback.table import Table
from linkback.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.stack import Stack

pytestmark = pytest.mark.deployed

PING = Ping("https://blog.example/post", "https://site.example/page", Protocol.WEBMENTION, datetime.now(UTC))
POLICY = Policy(Sites.parse("site.example"), SelfMentions.REFUSE)
CLAIM = POLICY.claim(PING)
KEY = {"pk": {"S": "PING#x"}, "sk": {"S": "PING"}}
RULE = Rule(CLAIM.site, Kind.HOST, "spam.example", Action.BLOCK)


@dataclass(frozen=True)
class Role:
    """What a function is to AWS: clients with its credentials, and the names of what it may touch."""

    dynamodb: Any
    sqs: Any
    lambda_: Any
    name: str
    queue: str
    dead: str
    verify: str

    @property
    def table(self) -> Table:
        return Table(self.dynamodb, self.name)

    @property
    def index(self) -> Index:
        return Index(self.dynamodb, self.name)


@pytest.fixture(scope="module")
def become(stack: Stack) -> Callable[[str], Role]:
    """The role of a function, assumed by the account's administrator."""
    names = [stack.physical(name) for name in ("Table", "Pings", "DeadPings", "Verify")]

    def assume(function: str) -> Role:
        arn = stack.client("iam").get_role(RoleName=stack.physical(f"{function}Role"))["Role"]["Arn"]
        told = stack.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        keys = {
            "aws_access_key_id": told["AccessKeyId"],
            "aws_secret_access_key": told["SecretAccessKey"],
            "aws_session_token": told["SessionToken"],
        }
        return Role(*(stack.client(service, **keys) for service in ("dynamodb", "sqs", "lambda")), *names)

    return assume


def put(role: Role) -> Any:
    return role.dynamodb.put_item(TableName=role.name, Item=KEY)


def update(role: Role) -> Any:
    return role.dynamodb.update_item(
        TableName=role.name, Key=KEY, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": {"S": "a"}}
    )


def delete(role: Role) -> Any:
    return role.dynamodb.delete_item(TableName=role.name, Key=KEY)


def scan(role: Role) -> Any:
    return role.dynamodb.scan(TableName=role.name)


def query(role: Role, key: str = "pk", **index: str) -> Any:
    values = {":key": {"S": "site.example#public"}}
    condition = {"KeyConditionExpression": f"{key} = :key", "ExpressionAttributeValues": values}
    return role.dynamodb.query(TableName=role.name, **condition, **index)


def query_due(role: Role) -> Any:
    return query(role, "due", IndexName="due")


def query_claim(role: Role) -> Any:
    return query(role, "claim", IndexName="claim")


def drop_table(role: Role) -> Any:
    return role.dynamodb.delete_table(TableName=role.name)


def send(role: Role) -> Any:
    return role.sqs.send_message(QueueUrl=role.queue, **queue.entry(PING, "https://bridge.example"))


def receive(role: Role) -> Any:
    return role.sqs.receive_message(QueueUrl=role.queue)


def receive_dead(role: Role) -> Any:
    return role.sqs.receive_message(QueueUrl=role.dead)


def purge(role: Role) -> Any:
    return role.sqs.purge_queue(QueueUrl=role.queue)


def call_verify(role: Role) -> Any:
    return role.lambda_.invoke(FunctionName=role.verify)


ANYBODY = [scan, query_due, drop_table, receive_dead, call_verify]
DENIED = {
    "Receive": [update, delete, query, query_claim, receive, purge, *ANYBODY],
    "Verify": [delete, query, query_claim, send, purge, *ANYBODY],
    "Publish": [put, update, delete, query, query_claim, send, receive, purge, *ANYBODY],
    "Moderate": [receive, purge, *ANYBODY],
}


@pytest.mark.parametrize(("function", "act"), [(name, act) for name, acts in DENIED.items() for act in acts])
def test_a_function_is_denied_what_it_must_not_do(
    become: Callable[[str], Role], function: str, act: Callable[[Role], Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        act(become(function))
    assert "AccessDenied" in refused.value.response["Error"]["Code"]


def test_receive_may_read_the_rules_record_a_ping_and_queue_it(become: Callable[[str], Role]) -> None:
    role = become("Receive")
    assert role.table.look(CLAIM.site, [RULE.key]) == {}
    assert role.table.ping("no-such-ping") is None
    role.table.put_ping(PING, CLAIM, "https://bridge.example")
    assert role.table.put_ping(PING, CLAIM, "https://bridge.example", fresh=True)
    assert send(role)["MessageId"]


def test_verify_may_take_messages_and_write_what_a_visit_saw(become: Callable[[str], Role]) -> None:
    role = become("Verify")
    role.sqs.get_queue_attributes(QueueUrl=role.queue, AttributeNames=["QueueArn"])
    receive(role)
    assert role.table.look(CLAIM.site, [RULE.key]) == {}
    old = role.table.mention(CLAIM.page, CLAIM.id)
    new = record.found(
        old, CLAIM, PING, Mention(Relation.MENTION, PING.source), held=False, visited=int(time.time() * 1000)
    )
    new_saved = role.table.save(old, new, time.time())
    assert new_saved.id
    held = role.table.save(new_saved, replace(new_saved, state=record.State.HELD), time.time())
    assert held.state is record.State.HELD  # in one piece with its tombstone
    role.table.learn_alias("site.example/old", CLAIM.page, CLAIM.site, time.time(), "redirect")
    assert role.table.alias("site.example/old") == CLAIM.page
    role.table.put_page_checked(CLAIM.page, PING.target, 200, int(time.time()))
    assert role.table.page_checked(CLAIM.page)
    role.table.finish_ping(PING.id, {"status": str(Status.PUBLISHED)}, None)
    role.table.count(CLAIM.site, "2026-11-22", PING.protocol, Status.PUBLISHED)
    assert role.table.seen_elsewhere(CLAIM.site, "a-text", "blog.example", int(time.time()) + 60) == ()


def test_publish_may_read_both_feeds_and_a_pings_fate(become: Callable[[str], Role]) -> None:
    index = become("Publish").index
    assert not index.changes(["no-such.example"])["no-such.example"]
    assert index.resolve(["no-such.example/page"]) == {"no-such.example/page": "no-such.example/page"}
    for partition in (thread("no-such.example/page"), public("no-such.example")):
        assert list(index.read(Published, partition)) == []
    assert index.ping("no-such-ping") is None
    assert index.owner("no-such-token") is None


def test_moderate_may_do_what_an_owner_decides(become: Callable[[str], Role]) -> None:
    role, now = become("Moderate"), time.time()
    ledger, tokens = Ledger(role.dynamodb, role.name), Tokens(role.dynamodb, role.name)
    owner = tokens.owner(tokens.create("permissions", (), now))
    assert owner
    tokens.used(owner, now)
    role.table.put_rule(RULE)
    assert role.table.look(CLAIM.site, [RULE.key]) == {RULE.key: Action.BLOCK}
    role.table.delete_rule(CLAIM.site, RULE.key)
    ping = replace(PING, source="https://blog.example/again")
    claim, seen = POLICY.claim(ping), Mention(Relation.MENTION, ping.source)
    role.table.put_ping(ping, claim, "https://bridge.example")
    role.table.save(None, record.found(None, claim, ping, seen, held=True, visited=int(now * 1000)), now)
    done = Acts(role.table, ledger, time.time, is_suffix).act(claim.id, Act.DELETE, Scope.HOST, owner)
    Acts(role.table, ledger, time.time, is_suffix).undo(done, owner)
    sessions = Sessions(ledger, tokens)
    session = sessions.read(cookie(sessions.open(owner, now)).partition(";")[0], now)
    assert session
    sessions.remember(session, [done], now)
    last = sessions.last(session, now)
    assert last
    sessions.forget(last)
    sessions.close(session)
    assert claim.id in [one.get("claim") for one in ledger.pings(CLAIM.site).items]
    assert ledger.rules(CLAIM.site).items == []
    ledger.days(CLAIM.site, "2026-11-01")
    assert send(role)["MessageId"]
    tokens.revoke("permissions")
