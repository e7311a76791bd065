from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.locomo import Answer, Question, figures, questions
from evals.scorer import NoScorer, find_scorer, score, write_predictions


def entry(category: int, evidence: list[str]) -> dict[str, Any]:
    return {"question": "Who sold the boat?", "category": category, "evidence": evidence}


def answer(relevant: set[str], ranked: list[str], category: int = 4) -> Answer:
    question = Question(user_id="u1", text="Who?", category=category, relevant=frozenset(relevant))
    return Answer(question=question, ranked=tuple(ranked))


def test_questions_are_those_with_evidence_and_an_answer(tmp_path: Path):
    file = tmp_path / "locomo.json"
    entries = [
        entry(1, ["D3:7", "D12:1; D3:9"]),
        entry(5, ["D1:1"]),
        entry(2, []),
        entry(4, ["D:11:26"]),
        {"question": "No evidence?", "category": 3},
    ]
    file.write_text(json.dumps([{"sample_id": "u1", "qa": entries}]), encoding="utf-8")
    assert [(question.category, question.relevant) for question in questions(file)] == [
        (1, {"session_3", "session_12"}),
        (4, {"session_11"}),
    ]


def test_recall_is_the_share_of_relevant_sessions_among_the_first():
    found = answer({"s1", "s2"}, ["s9", "s1", "s8", "s7", "s2"])
    assert (found.recall(3), found.recall(5)) == (0.5, 1.0)


def test_figures_are_averaged_over_questions_and_per_category():
    group = [answer({"s1"}, ["s1"]), answer({"s1", "s2"}, ["s2"]), answer({"s1"}, [], category=2)]
    assert figures(group) == {
        "all": {"questions": 3, "recall@3": 0.5, "recall@5": 0.5},
        "single-hop": {"questions": 2, "recall@3": 0.75, "recall@5": 0.75},
        "temporal": {"questions": 1, "recall@3": 0.0, "recall@5": 0.0},
    }


def test_the_scorer_beside_the_folder_of_the_file_is_found(tmp_path: Path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "score.py").touch()
    assert find_scorer(tmp_path / "dev" / "facts.jsonl") == tmp_path / "score.py"


def test_a_missing_scorer_is_said_with_what_to_do(tmp_path: Path):
    with pytest.raises(NoScorer, match="--scorer"):
        find_scorer(tmp_path / "dev" / "facts.jsonl")


def test_the_figures_are_those_that_the_scorer_prints(tmp_path: Path):
    scorer = tmp_path / "score.py"
    scorer.write_text("import json, sys\nprint(json.dumps({'lines': len(open(sys.argv[3]).readlines())}))")
    write_predictions([{"id": "a"}, {"id": "ü"}], tmp_path / "predictions.jsonl")
    assert score("facts", tmp_path / "gold", tmp_path / "predictions.jsonl", scorer) == {"lines": 2}


def test_a_failing_scorer_is_an_error_with_its_message(tmp_path: Path):
    scorer = tmp_path / "score.py"
    scorer.write_text("raise SystemExit('no such kind')")
    with pytest.raises(NoScorer, match="no such kind"):
        score("facts", tmp_path / "gold", tmp_path / "predictions", scorer)
