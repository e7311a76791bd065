"""Whether a model behind an API can be used at all: its libraries, its key, its address."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from recalld.errors import ConfigurationError, MissingExtra
from recalld.models.endpoint import Access, check_base_url
from recalld.models.spec import COMPATIBLE, ModelSpec

LIBRARIES = ("pydantic_ai", "anthropic", "openai", "genai_prices")
KEY_VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}  # read by the SDKs themselves


def check_usable(spec: ModelSpec, access: Access) -> None:
    """Refuse now what would fail at the first call. Raises `MissingExtra`, `ConfigurationError`, `InvalidInput`."""
    if spec.base_url is not None:
        check_base_url(spec.base_url, trusted=access.trusted)
    if not all(map(find_spec, LIBRARIES)):
        raise MissingExtra(f"the model {str(spec)!r}", "llm")
    if not _is_known(spec.provider):
        raise ConfigurationError(
            f"there is no provider {spec.provider!r} in pydantic-ai; a server with OpenAI's API is {COMPATIBLE}:BASE_URL#model"
        )
    variable = KEY_VARIABLES.get(spec.provider)
    if variable and access.trusted and not (access.api_key or os.environ.get(variable)):
        raise ConfigurationError(f"the model {str(spec)!r} needs a key; set {variable} or give one")


def _is_known(provider: str) -> bool:
    """Whether pydantic-ai has a module for *provider*; looked up in its folder, for importing it takes seconds."""
    found = find_spec("pydantic_ai")
    folders = [Path(place) / "providers" for place in (found and found.submodule_search_locations) or ()]
    names = (provider.replace("-", "_"), provider.partition("-")[0])  # google-vertex is one of google's
    return any((folder / f"{name}.py").is_file() for folder in folders for name in names)
