from __future__ import annotations

import logging
import subprocess
import sys

from recalld.models import word_vectors
from recalld.models.tokens import vocabulary


def test_every_piece_of_the_vocabulary_has_a_vector():
    vectors = word_vectors.piece_vectors()
    assert vectors.shape == (len(vocabulary()), 256)
    assert word_vectors.piece_vectors() is vectors


def test_importing_and_loading_leaves_the_root_logger_alone():
    code = """
import logging, sys
from recalld.models.word_vectors import piece_vectors
assert "wordllama" not in sys.modules
piece_vectors()
root = logging.getLogger()
assert (root.handlers, root.level) == ([], logging.WARNING), (root.handlers, root.level)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_root_logger_keeps_the_handlers_it_has():
    before = list(logging.getLogger().handlers)
    word_vectors._import_wordllama()
    assert logging.getLogger().handlers == before
