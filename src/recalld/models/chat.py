"""One chat model of one provider, asked for an answer in a schema. This is where pydantic-ai is used.

Import this module where a model is called, in a thread at the first call: it takes seconds and loads the providers' SDKs. The read
path must not import it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Generic, TypeVar

import httpx2
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.capabilities import BatchModelRequests
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelQuotaExceededError,
    ModelRequestRejectedError,
    UnexpectedModelBehavior,
    UserError,
)
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage

from recalld.errors import BadReply, ConfigurationError, ModelRefused, ModelUnavailable
from recalld.models.endpoint import Access, check_base_url
from recalld.models.lane import Lane
from recalld.models.meter import ModelUse, count
from recalld.models.options import Batching, ChatOptions, OutputMode
from recalld.models.prices import Tokens
from recalld.models.spec import COMPATIBLE, ModelSpec
from recalld.models.transport import Oversized, http_client

R = TypeVar("R", bound=BaseModel)

_NO_KEY = "none"  # the SDKs insist on a key; servers without keys ignore it


class ChatModel(Generic[R]):
    """Asks one model for values of one schema. Every call, failed ones too, is reported to the meter."""

    def __init__(
        self,
        spec: ModelSpec,
        *,
        instructions: str,
        reply: type[R],
        lane: Lane,
        options: ChatOptions,
    ) -> None:
        """Raises `ConfigurationError` for a provider pydantic-ai does not know or a missing key, `InvalidInput` for a bad address."""
        self._spec, self._options, self._lane = spec, options, lane
        self._http = http_client(trusted=options.trusted, timeout=options.timeout)
        batching = options.batching and batched(options.batching)
        model = _model(spec, options, self._http)
        if batching and model.batch_max_requests is None:
            raise ConfigurationError(f"{str(spec)!r} has no batch interface that recalld can use; leave batching off")
        self._agent = Agent(
            model,
            output_type=_output(reply, options.output),
            instructions=instructions,
            retries={"output": 1},  # an answer outside the schema is shown to the model once, with what is wrong
            model_settings=_settings(options),
            capabilities=[batching] if batching else [],
        )

    async def ask(self, prompt: str) -> R:
        """The model's answer to *prompt*. Raises `ModelUnavailable`, `ModelRefused`, `BadReply`."""
        if self._options.batching:
            return await self._once(prompt)  # may take a day: it neither occupies the lane nor is it slow
        return await self._lane.call(lambda: self._once(prompt))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _once(self, prompt: str) -> R:
        usage, answered = RunUsage(), False
        try:
            with translating(self._spec):
                result = await self._agent.run(prompt, usage=usage)
            answered = True
            return result.output
        finally:
            count(self._use(usage, answered=answered))

    def _use(self, usage: RunUsage, *, answered: bool) -> ModelUse:
        tokens = Tokens(
            input=usage.input_tokens,
            cached=usage.cache_read_tokens,
            cache_writes=usage.cache_write_tokens,
            output=usage.output_tokens,
        )
        calls = max(usage.requests, 1)
        cost = self._options.prices.cost(self._spec, tokens, terms=self._options.terms)
        return ModelUse(
            component="summariser",
            model=str(self._spec),
            calls=calls,
            failed=calls - 1 if answered else calls,
            input_tokens=tokens.input,
            cached_tokens=tokens.cached,
            output_tokens=tokens.output,
            cost_usd=cost or Decimal(0),
            unpriced=calls if cost is None and (tokens.input or tokens.output) else 0,
        )


def batched(batching: Batching) -> BatchModelRequests:
    """pydantic-ai's queue in front of a provider's batch interface."""
    return BatchModelRequests(
        max_requests=batching.max_requests,
        max_wait=timedelta(seconds=batching.max_wait),
        poll_interval=timedelta(seconds=batching.poll),
    )


def _settings(options: ChatOptions) -> ModelSettings:
    settings = ModelSettings(max_tokens=options.max_tokens, thinking=False, cache={"messages": False})
    if options.flex:
        settings["service_tier"] = "flex"
    if options.batching is None:
        settings["timeout"] = options.timeout  # for one wait
        settings["request_timeout"] = options.timeout  # for all of it, should the answer only trickle
    return settings


def _output(reply: type[R], mode: OutputMode) -> ToolOutput[R] | NativeOutput[R] | PromptedOutput[R]:
    match mode:
        case "tool":
            return ToolOutput(reply, name="record")
        case "native":
            return NativeOutput(reply, name="record")
        case "prompted":
            return PromptedOutput(reply, name="record")


# ---------------------------------------------------------------- providers
def _model(spec: ModelSpec, options: ChatOptions, http: httpx2.AsyncClient) -> Model:
    with configuring(spec):
        match spec.provider:
            case "anthropic":
                client = anthropic_client(spec, options, http)
                return AnthropicModel(spec.model, provider=AnthropicProvider(anthropic_client=client))
            case "openai":
                client = openai_client(spec, options, http)
                return OpenAIChatModel(spec.model, provider=OpenAIProvider(openai_client=client))
            case provider if provider == COMPATIBLE:
                client = openai_client(spec, options, http)
                return OpenAIChatModel(spec.model, provider=OpenAICompatibleProvider(COMPATIBLE, openai_client=client))
            case _:
                return _other(spec, options)


def anthropic_client(spec: ModelSpec, access: Access, http: httpx2.AsyncClient) -> AsyncAnthropic:
    """The SDK's client; it retries nothing, that is the lane's business."""
    return AsyncAnthropic(api_key=_key(access), base_url=_address(spec, access), max_retries=0, http_client=http)


def openai_client(spec: ModelSpec, access: Access, http: httpx2.AsyncClient) -> AsyncOpenAI:
    """The SDK's client; it retries nothing, that is the lane's business."""
    key = (access.api_key or _NO_KEY) if spec.provider == COMPATIBLE else _key(access)
    return AsyncOpenAI(api_key=key, base_url=_address(spec, access), max_retries=0, http_client=http)


def _key(access: Access) -> str | None:
    """The key to send. That of the environment is the operator's: it is never sent where a tenant points."""
    return access.api_key if access.trusted else access.api_key or _NO_KEY


def _address(spec: ModelSpec, access: Access) -> str | None:
    return check_base_url(spec.base_url, trusted=access.trusted) if spec.base_url else None


def _other(spec: ModelSpec, options: ChatOptions) -> Model:
    """Any other provider pydantic-ai knows, with its own key variable and address."""
    if spec.base_url or options.api_key or not options.trusted:
        raise ConfigurationError(
            f"{spec.provider!r} takes its address and key from its own variables; use openai-compatible:BASE_URL#model to set them"
        )
    return infer_model(f"{spec.provider}:{spec.model}")


# ---------------------------------------------------------------- trouble
@contextmanager
def configuring(spec: ModelSpec) -> Generator[None]:
    """Turns what goes wrong while a model is set up into `ConfigurationError`."""
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(
            f"{spec.provider!r} needs its SDK: pip install 'pydantic-ai-slim[{spec.provider}]'"
        ) from error
    except (UserError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"the model {str(spec)!r} cannot be used: {error}") from error


@contextmanager
def translating(spec: ModelSpec) -> Generator[None]:
    """Turns what pydantic-ai and the SDKs raise into ours.

    Their errors quote answers, which quote what people said: ours name the class only, and the originals are not chained.
    """
    try:
        yield
    except (asyncio.CancelledError, ModelUnavailable):
        raise
    except Exception as error:  # noqa: BLE001 - an answer can break a parser anywhere; a session must not be lost for it
        raise translated(error, spec) from None


def translated(error: Exception, spec: ModelSpec) -> ModelUnavailable | ModelRefused | BadReply:
    """Our error for one of pydantic-ai's or of an SDK."""
    name = type(error).__name__.removeprefix("_HTTP")
    if isinstance(error, ModelRequestRejectedError | ModelQuotaExceededError | UserError):
        return ModelRefused(f"{spec} rejects the request ({name}); check the key, the model's name and the account")
    if isinstance(error, ModelAPIError) and not _oversized(error):
        return ModelUnavailable(f"{spec} did not answer ({name})", retry_after=error.retry_after)
    kind = name if isinstance(error, UnexpectedModelBehavior) else f"unreadable: {name}"
    return BadReply(f"{spec} gave no usable answer ({kind})")


def _oversized(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, Oversized):
            return True
        error = error.__cause__ or error.__context__
    return False
