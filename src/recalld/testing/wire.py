"""What the loopback model server answers: replies as a provider would give them, in Anthropic's and in OpenAI's JSON.

A reply says what the model does (`Output`, `Text`, `Refusal`) or what goes wrong (`Failure`, `Raw`, `Hang`); the two
renderers put it into the shape of one provider, with the fields that the official SDKs read.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Wire = Literal["anthropic", "openai"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, as far as a scripted model needs it."""

    wire: Wire
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: Mapping[str, Any]

    @property
    def model(self) -> str:
        """The model asked for."""
        return str(self.body.get("model", ""))

    @property
    def prompt(self) -> str:
        """The text of the first user message."""
        message = next(message for message in self.body["messages"] if message["role"] == "user")
        return _text_of(message["content"])

    @property
    def instructions(self) -> str:
        """The system prompt."""
        if self.wire == "anthropic":
            return _text_of(self.body.get("system", ""))
        return "\n".join(_text_of(m["content"]) for m in self.body["messages"] if m["role"] in ("system", "developer"))

    @property
    def tool(self) -> str | None:
        """The name of the output tool; `None` when the answer is to be text."""
        for tool in self.body.get("tools") or ():
            return str(tool["name"] if self.wire == "anthropic" else tool["function"]["name"])
        return None

    @property
    def again(self) -> bool:
        """True when the model is asked to correct an answer it gave."""
        return any(message["role"] == "assistant" for message in self.body["messages"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """The structured answer: arguments of the output tool, or JSON text when no tool was offered."""

    arguments: Mapping[str, Any] | str  # a string goes out as it is: not JSON, cut off …
    input_tokens: int = 1_000
    output_tokens: int = 200
    cached_tokens: int = 0
    cut: bool = False  # the answer ran into max_tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Prose, where a structured answer was asked for."""

    text: str
    output_tokens: int = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The model declines."""

    text: str = "I can't help with that."


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An error of the provider, in its own format."""

    status: int
    kind: str = ""  # the provider's error type; empty: the usual one of the status
    retry_after: float | None = None
    message: str = "scripted failure"


@dataclass(frozen=True, kw_only=True, slots=True)
class Raw:
    """Any bytes as the body: not JSON, huge, or cut off in the middle."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    cut: bool = False  # promise more bytes than are sent, then hang up


@dataclass(frozen=True, kw_only=True, slots=True)
class Hang:
    """No answer at all until the client gives up."""


Reply = Output | Text | Refusal | Failure | Raw | Hang


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What goes back over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cut: bool = False

    @classmethod
    def of(cls, body: Any, status: int = 200, **headers: str) -> Response:
        """A JSON response."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status=status, body=json.dumps(body).encode(), headers={"content-type": "application/json", **names})


_KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
          413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}  # fmt: skip


def render(call: Call, reply: Output | Text | Refusal | Failure | Raw, number: int) -> Response:
    """*reply* to *call* in the format of its provider; *number* makes ids unique."""
    if isinstance(reply, Raw):
        return Response(
            status=reply.status, body=reply.body, headers={"content-type": reply.content_type}, cut=reply.cut
        )
    if isinstance(reply, Failure):
        return _failure(call.wire, reply, number)
    return Response.of(message(call, reply, number), request_id=f"req_{number}")


def message(call: Call, reply: Output | Text | Refusal, number: int) -> dict[str, Any]:
    """The body of a successful answer."""
    return _anthropic(call, reply, number) if call.wire == "anthropic" else _openai(call, reply, number)


def failure_body(wire: Wire, reply: Failure, number: int) -> dict[str, Any]:
    """The body of an error."""
    kind = reply.kind or _KINDS.get(reply.status, "api_error")
    if wire == "anthropic":
        return {"type": "error", "error": {"type": kind, "message": reply.message}, "request_id": f"req_{number}"}
    return {"error": {"message": reply.message, "type": kind, "param": None, "code": None}}


def _failure(wire: Wire, reply: Failure, number: int) -> Response:
    retry = {} if reply.retry_after is None else {"retry_after": f"{reply.retry_after:g}"}
    return Response.of(failure_body(wire, reply, number), reply.status, **retry)


def _anthropic(call: Call, reply: Output | Text | Refusal, number: int) -> dict[str, Any]:
    stop, content, usage = "end_turn", [], _usage(reply)
    if isinstance(reply, Refusal):
        stop, content = "refusal", []
    elif isinstance(reply, Text) or call.tool is None or isinstance(reply.arguments, str):
        content = [{"type": "text", "text": _plain(reply)}]
    else:
        stop = "tool_use"
        content = [{"type": "tool_use", "id": f"toolu_{number}", "name": call.tool, "input": dict(reply.arguments)}]
    if isinstance(reply, Output) and reply.cut:
        stop = "max_tokens"
    return {
        "id": f"msg_{number}", "type": "message", "role": "assistant", "model": call.model, "content": content,
        "stop_reason": stop, "stop_sequence": None,
        "usage": {"input_tokens": usage[0] - usage[2], "output_tokens": usage[1], "cache_read_input_tokens": usage[2],
                  "cache_creation_input_tokens": 0, "service_tier": "standard"},
    }  # fmt: skip


def _openai(call: Call, reply: Output | Text | Refusal, number: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    stop, usage = "stop", _usage(reply)
    if isinstance(reply, Refusal):
        answer["refusal"] = reply.text
    elif isinstance(reply, Text) or call.tool is None:
        answer["content"] = _plain(reply)
    else:
        stop, arguments = "tool_calls", reply.arguments
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        answer["tool_calls"] = [
            {"id": f"call_{number}", "type": "function", "function": {"name": call.tool, "arguments": text}}
        ]
    if isinstance(reply, Output) and reply.cut:
        stop = "length"
    return {
        "id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1_700_000_000, "model": call.model,
        "choices": [{"index": 0, "message": answer, "finish_reason": stop, "logprobs": None}],
        "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": usage[0] + usage[1],
                  "prompt_tokens_details": {"cached_tokens": usage[2], "audio_tokens": 0},
                  "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0}},
        "system_fingerprint": "fp_loopback",
    }  # fmt: skip


def embeddings(call: Call, vectors: Sequence[Sequence[float]], tokens: int) -> dict[str, Any]:
    """OpenAI's answer to `POST /embeddings`; base64 where the SDK asks for it, which it does by default."""
    packed = call.body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": i, "embedding": _pack(vector) if packed else list(vector)}
        for i, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": call.model, "usage": usage}


def _pack(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _usage(reply: Output | Text | Refusal) -> tuple[int, int, int]:
    """Input, output and cached tokens; cached ones are part of the input."""
    if isinstance(reply, Output):
        return reply.input_tokens, reply.output_tokens, reply.cached_tokens
    return 1_000, reply.output_tokens if isinstance(reply, Text) else 5, 0


def _plain(reply: Output | Text) -> str:
    if isinstance(reply, Text):
        return reply.text
    return reply.arguments if isinstance(reply.arguments, str) else json.dumps(reply.arguments)


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content)
