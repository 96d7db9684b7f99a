"""Kept answers hold for one position of the index, and not for long; whoever has one hears 304."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from neurovoyance.marketplace.api.answering import (
    KEPT_S,
    QUERY_MAX_CHARS,
    Answer,
    Answers,
    Question,
    question_of,
)


class World:
    """An index that moves, and a clock."""

    def __init__(self) -> None:
        self.block = 1
        self.now_s = 0.0

    def position(self) -> int:
        return self.block


def request(query: str = "", path: str = "/v1/jobs", **headers: str) -> Request:
    listed = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return Request(
        {"type": "http", "path": path, "query_string": query.encode(), "headers": listed}
    )


def asked(query: str = "", path: str = "/v1/jobs") -> Question:
    question = question_of(request(query, path))
    assert question is not None
    return question


def answers_of(world: World, max_bytes: int = 1 << 20) -> Answers:
    return Answers(world.position, clock=lambda: world.now_s, max_bytes=max_bytes)


def test_an_answer_holds_until_the_index_moves() -> None:
    world = World()
    answers, answer = answers_of(world), Answer.of(b"{}")
    answers.keep(asked(), answer, world.position())
    assert answers.find(asked()) is answer
    assert answers.find(asked("limit=3")) is None
    world.block = 2
    assert answers.find(asked()) is None
    world.block = 1  # a reorganisation back to where it was brings no old answer back
    assert answers.find(asked()) is None


def test_no_answer_is_kept_that_the_index_overtook() -> None:
    world = World()
    answers, before = answers_of(world), world.position()
    world.block = 2
    answers.keep(asked(), Answer.of(b"{}"), before)
    assert len(answers) == 0


def test_without_news_an_answer_is_forgotten_soon() -> None:
    world = World()
    answers = answers_of(world)
    answers.keep(asked(), Answer.of(b"{}"), world.position())
    world.now_s = KEPT_S
    assert answers.find(asked()) is None


def test_memory_is_bounded_and_the_least_used_goes_first() -> None:
    world = World()
    answers = answers_of(world, max_bytes=10_000)
    for number in range(50):
        answers.keep(asked(f"limit={number}"), Answer.of(bytes(2_000)), 1)
        answers.find(asked("limit=0"))
    assert len(answers) == 3
    assert answers.find(asked("limit=0"))
    answers.keep(asked("limit=200"), Answer.of(bytes(20_000)), 1)
    assert answers.find(asked("limit=200")) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12")), max_size=6), st.data())
def test_questions_are_one_where_every_reader_of_them_agrees(
    items: list[tuple[str, str]], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(items))
    one, two = (request("&".join("=".join(item) for item in some)) for some in (items, other))
    if question_of(one) == question_of(two):
        assert dict(one.query_params) == dict(two.query_params)
    if len({name for name, _ in items}) == len(items):
        assert question_of(one) == question_of(two)


def test_an_escaped_name_hides_no_other_question() -> None:
    assert asked("a=2&%61=1") != asked("%61=1&a=2")
    assert question_of(request("x" * (QUERY_MAX_CHARS + 1))) is None


@pytest.mark.parametrize(
    ("named", "status"),
    [("{0}", 304), ("W/{0}", 304), ('"other", {0}', 304), ("*", 304), ('"other"', 200)],
)
def test_whoever_has_the_answer_hears_so(named: str, status: int) -> None:
    answer = Answer.of(b'{"items":[]}')
    told = answer.to(request(if_none_match=named.format(answer.etag)))
    assert told.status_code == status
    assert told.headers["etag"] == answer.etag
    assert bool(told.body) == (status == 200)


def test_responses_share_no_headers() -> None:
    answer = Answer.of(b"{}")
    answer.to(request()).headers["Access-Control-Allow-Origin"] = "https://page.example"
    assert "access-control-allow-origin" not in answer.to(request()).headers
