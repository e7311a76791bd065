"""Named queries: SQL lives in `.sql` files beside the module that runs it.

    -- name: current_facts
    -- one line or more that says what it returns
    select … where tenant_id = %(tenant_id)s and user_id = %(user_id)s

Every query is loaded once, at import. Values are always bound, never formatted in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name:\s*([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


def load_queries(path: Path) -> Mapping[str, LiteralString]:
    """The queries of one `.sql` file by name. Raises `ValueError` for a name given twice or an empty query."""
    parts = _NAME.split(path.read_text(encoding="utf-8"))
    queries: dict[str, LiteralString] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        statement = (
            "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("--")).strip().rstrip(";")
        )
        if name in queries or not statement:
            raise ValueError(f"{path.name}: query {name!r} is empty or given twice")
        queries[name] = cast("LiteralString", statement)
    return MappingProxyType(queries)


def beside(module_file: str, name: str) -> Mapping[str, LiteralString]:
    """The queries of the file *name* in the folder of the module in *module_file*."""
    return load_queries(Path(module_file).with_name(name))
