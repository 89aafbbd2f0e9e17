"""What the error codes of the services, and the errors of botocore, mean; pure.

Sources: AWS General Reference, Common errors; the error lists of CloudWatch Logs, CloudWatch, SNS, SQS,
CloudFormation and IAM; EC2 API Reference, Error codes; botocore's retry tables. Codes of the same ending in
services that are not named here are taken to mean the same (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Kind = Literal[
    "throttled", "unavailable", "expired", "invalid", "denied", "region", "missing", "conflict", "quota", "refused",
    "none", "login", "relogin", "settings", "unreached", "lost", "certificate", "call", "other",
]  # fmt: skip

_KNOWN: dict[Kind, str] = {
    "throttled": """
        BandwidthLimitExceeded EC2ThrottledException KMSThrottlingException PriorRequestNotComplete
        ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled RequestThrottledException
        SlowDown Throttled ThrottledException Throttling ThrottlingException TooManyRequests
        TooManyRequestsException TransactionInProgressException
    """,
    "unavailable": """
        InternalError InternalFailure InternalFailureException InternalServerError InternalServerException
        InternalServiceError InternalServiceException InternalServiceFault RequestTimeout RequestTimeoutException
        ServiceUnavailable ServiceUnavailableException Unavailable
    """,
    "expired": "CredentialsExpired ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired",
    "invalid": """
        AuthFailure IncompleteSignature IncompleteSignatureException InvalidAccessKeyId InvalidClientTokenId
        InvalidSignatureException InvalidToken MissingAuthenticationToken MissingAuthenticationTokenException
        NotSignedUp RequestTimeTooSkewed SignatureDoesNotMatch UnrecognizedClientException
    """,
    "denied": """
        AccessDenied AccessDeniedException AllAccessDisabled AuthorizationError AuthorizationErrorException Forbidden
        ForbiddenException KMSAccessDenied KMSAccessDeniedException NotAuthorized NotAuthorizedException
        OperationNotPermitted UnauthorizedAccess UnauthorizedException UnauthorizedOperation
    """,
    "region": "OptInRequired RegionDisabledException SubscriptionRequiredException",
    "conflict": """
        ConcurrentAccess ConcurrentAccessException ConcurrentModification ConcurrentModificationException Conflict
        ConflictException DataAlreadyAcceptedException DeleteConflict DependencyViolation IncorrectState
        OperationAborted OperationAbortedException QueueDeletedRecently ResourceConflictException ResourceInUse
        ResourceInUseException StaleTag StaleTagException
    """,
    "missing": "NotFound NotFoundException ResourceNotFound ResourceNotFoundException",
    "quota": "LimitExceeded LimitExceededException LimitExceededFault ServiceQuotaExceededException",
}
_CODES: dict[str, Kind] = {code: kind for kind, codes in _KNOWN.items() for code in codes.split()}
_ENDINGS: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("NotFound", "NotFoundException", "NotFoundFault", "DoesNotExist", "NonExistentQueue"), "missing"),
    (
        (".Duplicate", ".InUse", "AlreadyExists", "AlreadyExistsException", "NameExists", ".AlreadyAssociated"),
        "conflict",
    ),
    (("LimitExceeded", "LimitExceededException", "LimitExceededFault", "QuotaExceeded"), "quota"),
    (("AccessDenied", "AccessDeniedException"), "denied"),
)
_STATUSES: dict[int, Kind] = {401: "invalid", 403: "denied", 404: "missing", 409: "conflict", 429: "throttled"}

# By the name of botocore's class, or of one it is made from: not every release has them all.
_CLASSES: dict[str, Kind] = {
    "NoAuthTokenError": "none",
    "NoCredentialsError": "none",
    "SSOError": "login",
    "TokenRetrievalError": "login",
    "LoginError": "relogin",
    "ConfigNotFound": "settings",
    "ConfigParseError": "settings",
    "CredentialRetrievalError": "settings",
    "InvalidConfigError": "settings",
    "InvalidDefaultsMode": "settings",
    "InvalidIMDSEndpointError": "settings",
    "InvalidIMDSEndpointModeError": "settings",
    "InvalidRetryConfigurationError": "settings",
    "InvalidSTSRegionalEndpointsConfigError": "settings",
    "MetadataRetrievalError": "settings",
    "MissingDependencyException": "settings",
    "PartialCredentialsError": "settings",
    "ProfileNotFound": "settings",
    "RefreshWithMFAUnsupportedError": "settings",
    "UnknownCredentialError": "settings",
    "UnknownTokenProviderError": "settings",
    "EndpointVariantError": "region",
    "InvalidRegionError": "region",
    "NoRegionError": "region",
    "ServiceNotInRegionError": "region",
    "UnknownEndpointError": "region",
    "UnknownFIPSEndpointError": "region",
    "UnknownRegionError": "region",
    "SSLError": "certificate",
    "ConnectTimeoutError": "unreached",
    "EndpointConnectionError": "unreached",
    "ProxyConnectionError": "unreached",
    "CapacityNotAvailableError": "lost",
    "ChecksumError": "lost",
    "ConnectionError": "lost",
    "HTTPClientError": "lost",
    "IncompleteReadError": "lost",
    "ResponseParserError": "lost",
    "MissingParametersError": "call",
    "OperationNotPageableError": "call",
    "ParamValidationError": "call",
    "UnknownClientMethodError": "call",
    "UnknownServiceError": "call",
    "ValidationError": "call",
    "BotoCoreError": "other",
    "Boto3Error": "other",
    "UndefinedModelAttributeError": "other",
    "OSError": "settings",
    "RuntimeError": "expired",  # "Credentials were refreshed, but the refreshed credentials are still expired."
}


def kind_of_code(code: str, message: str = "", status: int = 0) -> Kind:
    """Return what a service's error means.

    Parameters
    ----------
    code, message : str
        As the service gives them.
    status : int
        The HTTP status; it decides where the code is not known.
    """
    found = _CODES.get(code)
    if found is None:
        found = next((kind for endings, kind in _ENDINGS if code.endswith(endings)), None)
    if found is None and code.startswith("NoSuch"):
        found = "missing"
    if found is None and code == "ValidationError" and message.endswith("does not exist"):
        found = "missing"  # CloudFormation, of a stack
    if found == "quota" and "rate exceeded" in message.lower():
        found = "throttled"
    if found is None and status >= 500:
        found = "unavailable"
    return found or _STATUSES.get(status, "refused")


def kind_of_class(names: Iterable[str]) -> Kind:
    """Return what an error that is no service's answer means, by the names of its class and of those above it."""
    return next((_CLASSES[name] for name in names if name in _CLASSES), "other")
