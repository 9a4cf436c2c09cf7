"""Words are put in their places when a template is compiled: what comes out is what looking them up gave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from streams.console.templating import TEMPLATES, templates_of
from streams.console.words import LANGUAGES
from streams.domain.sentences import Language

SAID_TWICE = "{{ _('People') }}, {{ '✓ ' + _('People') }}, {{ _(words) }}, {{ {'a': _('People')}['a'] }}"
ANYBODYS = st.text(st.characters(blacklist_characters="'\\\r\n", blacklist_categories=["Cs"]), max_size=30)


def shown(language: Language, template: str, **context: object) -> str:
    return templates_of(language).from_string(template).render(**context)


def test_words_that_stand_in_the_template_and_words_of_a_variable_are_said_alike() -> None:
    assert shown("en", SAID_TWICE, words="People") == "People, ✓ People, People, People"
    assert shown("zh", SAID_TWICE, words="People") == "人物, ✓ 人物, 人物, 人物"


def test_what_is_filled_in_is_filled_in_when_the_page_is_made_and_escaped() -> None:
    template = "{{ _('%(drawn)s of %(all)s items.', drawn=drawn, all=3) }}"
    assert shown("en", template, drawn="<b>") == "&lt;b&gt; of 3 items."


@given(ANYBODYS)
def test_words_that_no_catalogue_has_are_escaped_as_those_of_a_variable_are(words: str) -> None:
    template = f"{{{{ _('{words}') }}}}"
    for language in LANGUAGES:
        assert shown(language, template) == shown(language, "{{ _(words) }}", words=words)


def test_a_word_that_was_forgotten_in_the_context_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        shown("zh", "{{ _('People') }} {{ forgotten }}")


def test_a_deed_is_told_in_the_language_of_the_page() -> None:
    assert shown("en", "{{ 'shop.order.completed' | deed }}") == "bought"
    assert shown("zh", "{{ 'shop.order.completed' | deed }}") == "购买商品"


def test_every_template_is_compiled_before_the_first_page() -> None:
    names = {path.name for path in TEMPLATES.glob("*.html")}
    for language in LANGUAGES:
        environment = templates_of(language)
        assert environment.cache is not None
        assert {name for _, name in environment.cache.keys()} >= names  # noqa: SIM118 - no mapping
