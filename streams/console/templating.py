"""The templates of each language, compiled once a process and before anybody looks.

A template is compiled for one language: what `_('…')` says is put in its place then and not looked up with every page,
which was the larger half of a page's time. So the first who looks waits for no compiler either.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes, pass_context
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from streams.console import formats
from streams.console.addresses import with_query
from streams.console.words import catalogue, say
from streams.domain.sentences import Language, phrase_of

TEMPLATES: Final = Path(__file__).parent / "templates"

Sayer = Callable[..., Markup]


@cache
def templates_of(language: Language) -> Environment:
    """All templates, compiled: a third of a second of one core for the first who asks."""
    environment = _Translated(
        sayer(language),
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["here"] = _here
    environment.filters.update(formats.FILTERS)
    environment.filters["deed"] = partial(phrase_of, language=language)
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


def sayer(language: Language) -> Sayer:
    """What `_` is in a template: `_('words')`, `_('%(n)s words', n=…)`.

    Words that no catalogue has may be anybody's: they are escaped.
    """
    known = {words: Markup(say(language, words)) for words in catalogue("zh")}  # noqa: S704 - our own words

    def said(words: str, **filled_in: object) -> Markup:
        found = known.get(words)
        if found is None:
            found = escape(words)
        return found % filled_in if filled_in else found

    return said


class _Translated(Environment):
    """Jinja's, for one language."""

    def __init__(self, say: Sayer, **options: Any) -> None:
        super().__init__(**options)
        self._said = _Said(say)
        self.globals["_"] = say

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Jinja's own hook, between reading a template and making code of it."""
        return super()._generate(self._said.visit(source), name, filename, defer_init)


class _Said(NodeTransformer):
    """Puts the words in the place of each `_('words')`. What fills in, or says what a variable holds, stays."""

    def __init__(self, say: Sayer) -> None:
        self._say = say

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's naming
        """A call of the template."""
        self.generic_visit(call)
        match call:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=words)], kwargs=[]):
                return nodes.TemplateData(str(self._say(words)), lineno=call.lineno)
            case _:
                return call


@pass_context
def _here(context: Context) -> str:
    """The address of the view without how it is shown: what a colleague is sent."""
    return with_query(context["request"], lang=None, theme=None)
