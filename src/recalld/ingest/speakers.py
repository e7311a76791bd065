"""Which of the messages of people are the session's own user's."""

from __future__ import annotations

from collections.abc import Callable

from recalld.values import EndedSession, Message


def speakers(session: EndedSession) -> Callable[[Message], bool]:
    """Whether the session's own user wrote a message: in a conversation of several, names decide.

    One name for all messages is how the application calls its user. A message without a name is the user's, unless others have
    their names there and the user has one too.
    """
    names = {message.name or None for message in session.messages if message.role == "user"}
    own = session.session.ref.user.user_id
    alone = len(names) < 2 or names == {None, own}
    speaker = own if own in names else None
    return lambda message: message.role == "user" and (alone or (message.name or None) == speaker)
