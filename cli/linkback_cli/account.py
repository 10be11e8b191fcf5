"""The AWS account that a command is to work on; and what AWS says against it, in sentences that say what to do."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore import exceptions as botocore
from botocore.config import Config

from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

# Somebody waits for the answer: better a sentence soon than botocore's four minutes of hope.
PATIENCE = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2})

EXPIRED = (
    "Your AWS credentials have expired: get new ones (aws sso login, aws login or what you use), then do this again."
)
UNKNOWN = (
    "AWS does not know the access key of your credentials, or has switched it off: `aws configure list` shows where it "
    "comes from. If it is right, the region {region} may not be enabled in your account."
)
MISMATCH = (
    "The secret access key of your credentials does not belong to their access key: set both anew (aws configure)."
)
CLOCK = "The clock of this machine is wrong by minutes, so AWS takes no request from it: set it, then do this again."
DENIED = "Your credentials may not do this: use some that may deploy stacks. AWS said: {message}"
BUSY = "AWS asks for patience ({code}): wait a minute, then do this again."
NONE = "There are no AWS credentials in this shell: run aws configure, or aws sso login and set AWS_PROFILE."
NO_PROFILE = (
    "The profile of your AWS settings cannot be used: set AWS_PROFILE to one that `aws configure list-profiles` names."
)
NO_REGION = (
    "No region is set: say which one, as in REGION=eu-central-1 (after make deploy, before linkback token), or set "
    "AWS_DEFAULT_REGION."
)
WRONG_REGION = "{region} is no region of AWS: write it like REGION=eu-central-1."
UNREACHABLE = "AWS cannot be reached ({error}): is the region {region} spelt right, and is there a network?"

# What AWS calls it, service by service.
CODES = {
    "ExpiredToken": EXPIRED,
    "ExpiredTokenException": EXPIRED,
    "RequestExpired": EXPIRED,
    "InvalidClientTokenId": UNKNOWN,
    "UnrecognizedClientException": UNKNOWN,
    "InvalidAccessKeyId": UNKNOWN,
    "AuthFailure": UNKNOWN,
    "SignatureDoesNotMatch": MISMATCH,
    "InvalidSignatureException": MISMATCH,
    "RequestTimeTooSkewed": CLOCK,
    "RequestInTheFuture": CLOCK,
    "AccessDenied": DENIED,
    "AccessDeniedException": DENIED,
    "Throttling": BUSY,
    "ThrottlingException": BUSY,
    "RequestLimitExceeded": BUSY,
    "ServiceUnavailable": BUSY,
    "InternalFailure": BUSY,
}

# What never reached AWS, by the class of the exception; the first that fits.
CLASSES = (
    (botocore.ProfileNotFound, NO_PROFILE),
    (botocore.ConfigParseError, NO_PROFILE),
    (botocore.NoRegionError, NO_REGION),
    (botocore.InvalidRegionError, WRONG_REGION),
    (botocore.SSOError, EXPIRED),
    (botocore.TokenRetrievalError, EXPIRED),
    (botocore.LoginError, EXPIRED),
    (botocore.NoCredentialsError, NONE),
    (botocore.PartialCredentialsError, NONE),
    (botocore.ConnectionError, UNREACHABLE),
    (botocore.HTTPClientError, UNREACHABLE),
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that answered: its number, and the region that its clients speak to."""

    session: Any
    region: str
    number: str

    def client(self, service: str) -> Any:
        """A boto3 client that gives up in seconds. AWS_ENDPOINT_URL is honoured."""
        return self.session.client(service, config=PATIENCE)


def sign_in(profile: str | None, region: str | None) -> Account:
    """The account that the usual places name: options, AWS_PROFILE, AWS_REGION, ~/.aws. Raises Trouble."""
    with in_words(region or ""):
        session = boto3.Session(
            profile_name=profile or None, region_name=region or os.environ.get("AWS_REGION") or None
        )
        if not session.region_name:
            raise Trouble(NO_REGION)
    with in_words(session.region_name):
        number = session.client("sts", config=PATIENCE).get_caller_identity()["Account"]
    return Account(session, session.region_name, number)


@contextmanager
def in_words(region: str) -> Iterator[None]:
    """Whatever boto3 raises within becomes Trouble."""
    try:
        yield
    except botocore.ClientError as error:
        raise Trouble(_refusal(error, region)) from error
    except (botocore.BotoCoreError, ValueError) as error:  # an endpoint that is no address is a ValueError
        raise Trouble(_failure(error).format(region=region, error=error)) from error


def _refusal(error: Any, region: str) -> str:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if "Signature expired" in message or "Signature not yet current" in message:
        return CLOCK  # under the code of a wrong secret
    if "token" in message and "expired" in message:
        return EXPIRED  # under whatever code the service has for it
    sentence = CODES.get(code, "AWS refused {operation} ({code}): {message}")
    return sentence.format(code=code, message=message, operation=error.operation_name, region=region)


def _failure(error: Exception) -> str:
    return next((sentence for kind, sentence in CLASSES if isinstance(error, kind)), "AWS was not asked: {error}")
