"""The client of the HTTP API: the same method names and return types as `recalld.UserMemory`.

async with AsyncClient("http://localhost:8300", key="recalld_…") as client:
    ada = client.user("ada", purpose="support", timezone="Europe/Berlin")
    await ada.append("s1", [Message(role="user", content="Actually I moved to Berlin last week.")])
"""

from recalld.client.connection import AsyncClient, Client
from recalld.client.refusals import Forbidden, RateLimited, ServerFault, Unauthenticated
from recalld.client.user import UserClient, UserClientSync

__all__ = [
    "AsyncClient",
    "Client",
    "Forbidden",
    "RateLimited",
    "ServerFault",
    "Unauthenticated",
    "UserClient",
    "UserClientSync",
]
