"""How a model is named in a setting.

provider:[BASE_URL#]model[@dimensions]

anthropic:claude-haiku-4-5                          the provider's own address
openai:gpt-5-nano
openai-compatible:http://localhost:11434/v1#qwen3:8b     any server with OpenAI's API: vLLM, Ollama, LM Studio, a gateway
openai:text-embedding-3-small@512                   an embedder cut to 512 dimensions
sentence-transformers:/models/minilm                a folder or a model's name
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recalld.errors import ConfigurationError

COMPATIBLE = "openai-compatible"

_SPEC = re.compile(r"(?P<provider>[a-z][a-z0-9-]*):(?P<rest>\S.*)", re.DOTALL)
_DIMENSIONS = re.compile(r"(?P<model>.+)@(?P<dimensions>[1-9][0-9]{0,4})", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """A model of a provider."""

    provider: str  # anthropic, openai, openai-compatible, voyageai …
    model: str  # the provider's name for it, or a folder
    base_url: str | None = None  # None: the provider's own address
    dimensions: int | None = None  # of an embedder; None: what the model gives by itself

    def __str__(self) -> str:
        """The spec as text. It stays on episodes and vectors, so it has no base URL: that may move."""
        return f"{self.provider}:{self.model}"


def parse_spec(text: str) -> ModelSpec:
    """The model that *text* names. Raises `ConfigurationError`."""
    match = _SPEC.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"{text!r} does not name a model; write 'local' or provider:model, such as 'anthropic:claude-haiku-4-5'"
        )
    base_url, model = _split_url(match["rest"], text)
    sized = _DIMENSIONS.fullmatch(model)
    if match["provider"] == COMPATIBLE and base_url is None:
        raise ConfigurationError(
            f"{text!r} has no address; write {COMPATIBLE}:BASE_URL#model, such as '{COMPATIBLE}:http://localhost:8000/v1#qwen3'"
        )
    return ModelSpec(
        provider=match["provider"],
        model=sized["model"] if sized else model,
        base_url=base_url,
        dimensions=int(sized["dimensions"]) if sized else None,
    )


def _split_url(rest: str, text: str) -> tuple[str | None, str]:
    if not rest.startswith(("http://", "https://")):
        return None, rest
    url, mark, model = rest.partition("#")
    if not mark or not model:
        raise ConfigurationError(f"{text!r} has an address but no model; write BASE_URL#model")
    return url, model
