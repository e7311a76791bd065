"""From a setting to a summariser."""

from __future__ import annotations

from functools import partial

from recalld.ingest.digest import LOCAL, Summariser
from recalld.ingest.fallback import Allowance, FallbackSummariser
from recalld.ingest.llm import Chat, LlmSummariser, instructions
from recalld.ingest.local.summariser import LocalSummariser
from recalld.ingest.reply import DigestReply
from recalld.ingest.transcript import TranscriptPolicy
from recalld.layers.facts.attributes import Registries
from recalld.models.lane import Lanes
from recalld.models.options import ChatOptions
from recalld.models.spec import ModelSpec, parse_spec
from recalld.models.usable import check_usable


def open_summariser(
    spec: str,
    registries: Registries,
    *,
    options: ChatOptions | None = None,
    transcript: TranscriptPolicy | None = None,
    lanes: Lanes | None = None,
    allowance: Allowance | None = None,
    triage: bool = True,
) -> Summariser:
    """The summariser that *spec* names: `local`, or a model (see `recalld.models.spec`) with the local one to fall back on.

    Nothing is imported or asked yet; the first session that needs the model does that. *lanes* are shared by all models of a
    process, so that they keep to one limit per provider; *allowance* says when money may be spent.
    Raises `ConfigurationError`, `MissingExtra`, and `InvalidInput` for an address that a tenant may not set.
    """
    local = LocalSummariser(registries)
    if spec.strip() == LOCAL:
        return local
    model, options = parse_spec(spec), options or ChatOptions()
    check_usable(model, options)
    connect = partial(_connect, model, options, lanes or Lanes())
    asked = LlmSummariser(str(model), connect, registries, transcript or TranscriptPolicy())
    return FallbackSummariser(asked, local, allowance=allowance, triage=triage)


def _connect(spec: ModelSpec, options: ChatOptions, lanes: Lanes) -> Chat:
    from recalld.models.chat import ChatModel  # noqa: PLC0415 - seconds, and never on the read path

    return ChatModel(spec, instructions=instructions(), reply=DigestReply, lane=lanes.of(spec), options=options)
