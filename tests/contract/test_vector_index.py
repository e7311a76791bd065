"""The vector index: the contract over every adapter, and what is each one's own."""

from __future__ import annotations

import ast
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from inspect import getsource
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.errors import VectorIndexUnavailable
from recalld.layers.vectors import pinecone, qdrant
from recalld.layers.vectors.base import VectorIndex
from recalld.layers.vectors.pgvector import PgVectorIndex
from recalld.layers.vectors.pinecone import PineconeIndex, open_pinecone
from recalld.layers.vectors.qdrant import PREFIX, QdrantIndex, open_qdrant
from recalld.layers.vectors.selection import Selection, tenant_key, user_key
from recalld.postgres.pool import Database, Transaction
from recalld.testing.pinecone_server import PineconeServer
from recalld.testing.vector_index import ADA, NEIGHBOURS, VectorIndexContract, episode, query
from recalld.values import UserRef


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recalld.layers.vectors.reach.REST_SECONDS", 0.0)


class TestPgVector(VectorIndexContract):
    @pytest.fixture
    def index(self, database: Database) -> PgVectorIndex:
        self.database = database
        return PgVectorIndex()

    @asynccontextmanager
    async def scope(self, user: UserRef, purposes: Sequence[str] = ()) -> AsyncGenerator[Transaction | None]:
        async with self.database.transaction("app" if purposes else "worker", user, purposes) as tx:
            yield tx

    async def test_a_call_without_a_transaction_is_refused(self, index: PgVectorIndex) -> None:
        with pytest.raises(VectorIndexUnavailable, match="inside a transaction"):
            await index.search(None, query())


class TestQdrant(VectorIndexContract):
    @pytest.fixture
    async def index(self, tmp_path: Path) -> AsyncIterator[QdrantIndex]:
        """The client's local mode, or a real server where QDRANT_URL names one."""
        index = open_qdrant(os.environ.get("QDRANT_URL") or str(tmp_path), api_key=os.environ.get("QDRANT_API_KEY"))
        yield index
        for user in (ADA, *NEIGHBOURS):
            await index.erase(None, user)
        await index.close()

    async def test_an_absent_server_is_said_so(self) -> None:
        index = open_qdrant("http://127.0.0.1:9")
        with pytest.raises(VectorIndexUnavailable, match="did not answer"):
            await index.search(None, query())
        await index.close()

    async def test_a_point_names_nobody(self, tmp_path: Path) -> None:
        index = open_qdrant(str(tmp_path / "names"))
        await index.upsert(None, [episode("e1", 10)])
        client = index._client
        (collection,) = [one.name for one in (await client.get_collections()).collections]
        points, _ = await client.scroll(collection)
        assert collection.startswith(PREFIX)
        assert [set(point.payload or {}) for point in points] == [
            {"tenant", "user", "epoch", "model", "purpose", "episode", "ended_at", "place"}
        ]
        assert "acme" not in str(points)
        assert "ada" not in str(points)
        await index.close()


class TestPinecone(VectorIndexContract):
    @pytest.fixture
    async def server(self) -> AsyncIterator[PineconeServer]:
        async with PineconeServer(lag=3) as server:
            yield server

    @pytest.fixture
    async def index(self, server: PineconeServer) -> AsyncIterator[PineconeIndex]:
        """The official client against a loopback server that shows writes three requests late."""
        self.settle = server.settle
        index = open_pinecone(server.url, api_key="any")
        yield index
        await index.close()

    async def settled(self) -> None:
        self.settle()

    async def test_what_was_written_is_found_a_while_later(self, index: PineconeIndex, server: PineconeServer) -> None:
        server.lag = 4
        await index.upsert(None, [episode("e1", 10)])
        seen = [bool(await index.search(None, query())) for _ in range(6)]
        assert seen[0] is False
        assert seen[-1] is True
        assert seen == sorted(seen)

    async def test_what_is_not_listed_yet_is_deleted_all_the_same(
        self, index: PineconeIndex, server: PineconeServer
    ) -> None:
        server.lag = 100
        await index.upsert(None, [episode("e1", 10, 20, 30)])
        await index.delete(None, ADA, ["e1"])
        server.settle()
        assert await index.ids(None, ADA) == set()

    async def test_each_tenant_has_a_namespace_and_nobody_is_named(
        self, index: PineconeIndex, server: PineconeServer
    ) -> None:
        await self.put(index, episode("e1", 10), episode("e1", 10, user=NEIGHBOURS[0]))
        await self.found(index, query())
        await self.held(index)
        namespaces = {request.body.get("namespace") or request.options["namespace"][0] for request in server.requests}
        assert namespaces == {tenant_key(ADA), tenant_key(NEIGHBOURS[0])}
        sent = str([(request.body, request.options) for request in server.requests])
        assert "acme" not in sent
        assert "'ada'" not in sent

    @pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
    async def test_an_error_answer_is_said_so_without_its_text(
        self, index: PineconeIndex, server: PineconeServer, status: int
    ) -> None:
        """Some of them the client tries again, for as long as a search may take."""
        server.fail(*[status] * 20)
        with pytest.raises(VectorIndexUnavailable, match="Pinecone did not answer") as caught:
            await index.search(None, query())
        assert "scripted" not in str(caught.value)
        server.fail()
        assert await index.search(None, query()) == []

    async def test_a_server_that_comes_back_is_used_again(self, index: PineconeIndex, server: PineconeServer) -> None:
        await self.put(index, episode("e1", 10))
        await server.stop()
        with pytest.raises(VectorIndexUnavailable):
            await self.found(index, query())
        await server.start()
        assert await self.found(index, query()) == ["e1"]

    async def test_large_vectors_are_sent_in_parts(self) -> None:
        async with PineconeServer(dimension=4096) as server:
            index = open_pinecone(server.url, api_key="any")
            wide = np.random.default_rng(1).normal(size=(40, 4096)).astype(np.float32)
            wide /= np.linalg.norm(wide, axis=1, keepdims=True)
            await index.upsert(None, [replace(episode("e1", 0), vectors=wide)])
            assert await index.ids(None, ADA) == {"e1"}
            assert sum(request.path == "/vectors/upsert" for request in server.requests) > 1
            await index.close()


# ---------------------------------------------------------------- no filter without a user
names = st.text(min_size=1, max_size=20)
selections = st.builds(
    Selection,
    user=st.builds(UserRef, tenant_id=names, user_id=names),
    epoch=st.none() | st.integers(1, 2**53),
    model=st.none() | names,
    purposes=st.none() | st.lists(names, min_size=1, max_size=3).map(tuple),
    episode_ids=st.none() | st.lists(names, min_size=1, max_size=3).map(tuple),
)


@given(selections)
def test_every_filter_begins_with_the_tenant_and_the_user(selection: Selection) -> None:
    scope = [("tenant", tenant_key(selection.user)), ("user", user_key(selection.user))]
    for_qdrant = qdrant._filter(selection)
    assert isinstance(for_qdrant.must, list)
    assert [(one.key, one.match.value) for one in for_qdrant.must[:2]] == scope  # type: ignore[union-attr]
    assert not for_qdrant.should
    for_pinecone = pinecone._filter(selection)
    assert list(for_pinecone) == ["$and"]
    assert for_pinecone["$and"][:2] == [{name: {"$eq": value}} for name, value in scope]


@given(st.lists(st.builds(UserRef, tenant_id=names, user_id=names), min_size=2, max_size=2, unique=True))
def test_two_users_never_share_a_key(users: list[UserRef]) -> None:
    one, other = users
    if "\x1f" not in one.tenant_id + one.user_id + other.tenant_id + other.user_id:  # which no id has
        assert user_key(one) != user_key(other)


@pytest.mark.parametrize("user", [UserRef(tenant_id="", user_id="x"), UserRef(tenant_id="x", user_id="")])
def test_a_selection_without_a_tenant_or_a_user_has_no_filter(user: UserRef) -> None:
    with pytest.raises(ValueError, match="belongs to a tenant and a user"):
        qdrant._filter(Selection(user=user))
    with pytest.raises(ValueError, match="belongs to a tenant and a user"):
        pinecone._filter(Selection(user=user))


def test_a_search_has_to_know_the_epoch() -> None:
    with pytest.raises(ValueError, match="epoch"):
        Selection.of(query(epoch=None))


@pytest.mark.parametrize(
    ("module", "calls"),
    [
        (qdrant, {"query_points": "query_filter", "scroll": "scroll_filter", "delete": None}),
        (pinecone, {"query": "filter", "list": "prefix", "delete": None}),
    ],
)
def test_the_adapters_make_filters_in_one_place(module: ModuleType, calls: dict[str, str | None]) -> None:
    """`models.Filter` stands in one function, and every call that reads or deletes points is given a filter, a prefix or ids."""
    tree = ast.parse(getsource(module))
    makers = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func).endswith(".Filter")]
    assert len(makers) == (1 if module is qdrant else 0)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func).rsplit(".", 1)[-1] in calls and _is_client(node.func):
            wanted = calls[_name(node.func).rsplit(".", 1)[-1]]
            options = {keyword.arg for keyword in node.keywords}
            assert wanted in options or len(node.args) > 1 or options & {"ids", "filter"}, ast.unparse(node)


def _name(function: ast.expr) -> str:
    return ast.unparse(function)


def _is_client(function: ast.expr) -> bool:
    return _name(function).startswith(("self._client.", "index.", "self._index."))


def test_only_the_index_in_postgresql_takes_part_in_transactions() -> None:
    """The adapters are what the port asks for, by their types."""
    adapters: list[type[VectorIndex]] = [PgVectorIndex, QdrantIndex, PineconeIndex]
    assert [adapter.transactional for adapter in adapters] == [True, False, False]
