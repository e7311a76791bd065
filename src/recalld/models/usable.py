"""Whether a model behind an API can be used at all: its libraries, its key, its address."""

from __future__ import annotations

import os
from importlib.util import find_spec

from recalld.errors import ConfigurationError, MissingExtra
from recalld.models.endpoint import Access, check_base_url
from recalld.models.spec import ModelSpec

LIBRARIES = ("pydantic_ai", "anthropic", "openai", "genai_prices")
KEY_VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}  # read by the SDKs themselves


def check_usable(spec: ModelSpec, access: Access) -> None:
    """Refuse now what would fail at the first call. Raises `MissingExtra`, `ConfigurationError`, `InvalidInput`."""
    if spec.base_url is not None:
        check_base_url(spec.base_url, trusted=access.trusted)
    if not all(map(find_spec, LIBRARIES)):
        raise MissingExtra(f"the model {str(spec)!r}", "llm")
    variable = KEY_VARIABLES.get(spec.provider)
    if variable and access.trusted and not (access.api_key or os.environ.get(variable)):
        raise ConfigurationError(f"the model {str(spec)!r} needs a key; set {variable} or give one")
