"""From a setting to a summariser."""

from __future__ import annotations

import os
from functools import partial
from importlib.util import find_spec

from recalld.errors import ConfigurationError, MissingExtra
from recalld.ingest.digest import Summariser
from recalld.ingest.fallback import Allowance, FallbackSummariser
from recalld.ingest.llm import Chat, LlmSummariser, instructions
from recalld.ingest.local.summariser import LocalSummariser
from recalld.ingest.reply import DigestReply
from recalld.ingest.transcript import TranscriptPolicy
from recalld.layers.facts.attributes import Attributes
from recalld.models.endpoint import Access, check_base_url
from recalld.models.lane import Lanes
from recalld.models.options import ChatOptions
from recalld.models.spec import ModelSpec, parse_spec

LOCAL = "local"
LIBRARIES = ("pydantic_ai", "anthropic", "openai", "genai_prices")
KEY_VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}  # read by the SDKs themselves


def open_summariser(
    spec: str,
    attributes: Attributes,
    *,
    options: ChatOptions | None = None,
    transcript: TranscriptPolicy | None = None,
    lanes: Lanes | None = None,
    allowance: Allowance | None = None,
    triage: bool = True,
    language: str = "en",
) -> Summariser:
    """The summariser that *spec* names: `local`, or a model (see `recalld.models.spec`) with the local one to fall back on.

    Nothing is imported or asked yet; the first session that needs the model does that. *lanes* are shared by all models of a
    process, so that they keep to one limit per provider; *allowance* says when money may be spent.
    Raises `ConfigurationError`, `MissingExtra`, and `InvalidInput` for an address that a tenant may not set.
    """
    local = LocalSummariser(attributes, language=language)
    if spec.strip() == LOCAL:
        return local
    model, options = parse_spec(spec), options or ChatOptions()
    check_usable(model, options)
    connect = partial(_connect, model, options, lanes or Lanes())
    asked = LlmSummariser(str(model), connect, attributes, transcript or TranscriptPolicy())
    return FallbackSummariser(asked, local, allowance=allowance, triage=triage)


def check_usable(spec: ModelSpec, access: Access) -> None:
    """Refuse now what would fail at the first call. Raises `MissingExtra`, `ConfigurationError`, `InvalidInput`."""
    if spec.base_url is not None:
        check_base_url(spec.base_url, trusted=access.trusted)
    if not all(map(find_spec, LIBRARIES)):
        raise MissingExtra(f"the model {str(spec)!r}", "llm")
    variable = KEY_VARIABLES.get(spec.provider)
    if variable and access.trusted and not (access.api_key or os.environ.get(variable)):
        raise ConfigurationError(f"the model {str(spec)!r} needs a key; set {variable} or give one")


def _connect(spec: ModelSpec, options: ChatOptions, lanes: Lanes) -> Chat:
    from recalld.models.chat import ChatModel  # noqa: PLC0415 - seconds, and never on the read path

    return ChatModel(spec, instructions=instructions(), reply=DigestReply, lane=lanes.of(spec), options=options)
