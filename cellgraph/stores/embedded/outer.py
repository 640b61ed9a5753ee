"""Rewrite subqueries that use values of the statement around them, which Ladybug (0.20.4) answers wrongly.

``EXISTS { … }``, ``COUNT { … }`` and ``OPTIONAL MATCH`` become joins over all values that they take from outside.  Such
a join never matches null, so ``MATCH (a) OPTIONAL MATCH (a)-[:TOUCHES]-(b) WHERE a.kind IS NULL`` loses the matches of
each cell without a kind, and ``NOT EXISTS { … }`` loses the cell itself.  A struct of the values is never null itself:
``WITH *, struct_pack(p0 := a.kind) AS q``, and then ``q.p0``.

A subquery in an aggregate is planned twice, the second time after the groups, so ``RETURN c.kind, sum(COUNT { … })``
has groups twice, or crashes.  Computed first, and separated by an ``UNWIND``, it is a value like others.

Nodes that may be null, from an ``OPTIONAL MATCH``, must not be joined by themselves or beside other values at all:
``COUNT { … }`` and ``EXISTS { … }`` of these are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked, without_comments
from cellgraph.stores.embedded.clauses import (
    AGGREGATE,
    SUBQUERY,
    Clause,
    closing,
    drawn_in,
    items_of,
    names_in,
    whole_clauses,
    without_subqueries,
)
from cellgraph.stores.embedded.sorting import KEPT

_NAME = re.compile(r"(?<![\w.$:`])([^\W\d]\w*)\b(?!\s*[(:])(\s*\.\s*(?:[^\W\d]\w*|(?P<quoted>`)))?")
_LOCAL = re.compile(
    r"\b(?:any|all|none|single)\s*\(\s*(\w+)\s+IN\b|(\w+)\s*->(?!\s*\()|\(\s*(\w+)\s*,\s*(\w+)\s*\|", re.IGNORECASE
)
_ALIAS = re.compile(r"^(.*?)\s+AS\s+(\w+)\s*$", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"\w+")
_BARE = re.compile(r"[-\])>]\s*\(\s*\w*\s*(?::\s*\w+\s*)?(\{[^{}]*\})")
_AFTER_ITEMS = re.compile(r"\b(?:ORDER\s+BY|SKIP|LIMIT)\b", re.IGNORECASE)


def with_outer_values(cypher: str) -> str:
    """Return a statement whose subqueries and optional patterns take no value that may be null from outside.

    Raises
    ------
    StoreError
        For what cannot be rewritten: a subquery inside another that takes values of that one, or about a node that may
        be null or comes from a list.
    """
    text = without_comments(cypher)
    rewriting = _Rewriting(text, blanked(text))
    rewritten = rewriting.rewritten()
    return rewritten if rewriting.changes else cypher


@dataclass
class _Rewriting:
    """The rewriting of one statement.

    Attributes
    ----------
    text, code : str
        The statement without comments, and the same with texts and quoted names blanked out.
    changes : list of (int, int, str)
        Parts to replace: start, end, text.
    scope : dict of str to bool
        The names in scope, and whether each is a node, relationship or path.
    optional : set of str
        Names of an ``OPTIONAL MATCH``, which may be null.
    listed : set of str
        Names of the entries of lists.
    computed : set of str
        Names of aggregates, and of values that are computed from them.
    structs : list of str
        Names of the structs that were added and are still in scope.
    made : int
        How many names were added.
    """

    text: str
    code: str
    changes: list[tuple[int, int, str]] = field(default_factory=list)
    scope: dict[str, bool] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    computed: set[str] = field(default_factory=set)
    structs: list[str] = field(default_factory=list)
    made: int = 0

    def rewritten(self) -> str:
        drawn = drawn_in(self.code)
        aggregates = AGGREGATE.search(self.code) is not None
        for clause in whole_clauses(self.code):
            if clause.word == "UNION":
                self.scope, self.optional, self.listed, self.computed, self.structs = {}, set(), set(), set(), []
                continue
            before = dict(self.scope)
            self._enter(clause, drawn)
            self._refuse_unsure(clause)
            self._refuse_bare(clause)
            if clause.word == "OPTIONAL":
                self._refuse_inner(clause.start, clause.end, set(self.scope) - set(before))
                self._take_out(clause.start, [(clause.start, clause.end)], before)
            elif clause.word == "MATCH":
                self._take_out(clause.condition, [*self._subqueries(clause.condition, clause.end)], self.scope)
                self._take_out(clause.start, [*self._subqueries(clause.start, clause.condition)], before)
            else:
                inside = [*self._subqueries(clause.start, clause.condition)]
                self._take_out(clause.start, inside, before, computed=aggregates or clause.word == "WITH")
                self._keep_structs(clause)
                self._take_out(clause.condition, [*self._subqueries(clause.condition, clause.end)], self.scope)
        return _changed(self.text, self.changes)

    def _enter(self, clause: Clause, drawn: set[str]) -> None:
        """Set the scope to that after a clause."""
        code = self.code[clause.start : clause.condition]
        if clause.word in ("MATCH", "OPTIONAL"):
            names = names_in(code)
            if clause.word == "OPTIONAL":
                self.optional |= names - set(self.scope)
            else:
                self.optional -= names
            self.scope |= dict.fromkeys(names, True)
        elif clause.word == "UNWIND":
            if alias := _ALIAS.match(code):
                self.scope[alias[2]] = alias[2] in drawn
                self.listed.add(alias[2])
        elif clause.word == "WITH":
            items = _AFTER_ITEMS.split(re.sub(r"^\s*WITH\b(\s+DISTINCT\b)?", "", code, flags=re.IGNORECASE))[0]
            kept: dict[str, bool] = {}
            for item in items_of(items):
                alias = _ALIAS.match(item)
                value, name = (alias[1].strip(), alias[2]) if alias else (item, item)
                if name == "*":
                    kept |= self.scope
                    continue
                kept[name] = self.scope.get(value, name in drawn)
                for names in (self.optional, self.listed):
                    if value in names:
                        names.add(name)
                if AGGREGATE.search(value) or SUBQUERY.search(value) or self.computed & set(_WORD.findall(value)):
                    self.computed.add(name)
            self.scope = kept

    def _subqueries(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the start and end of each outermost subquery."""
        while (found := SUBQUERY.search(self.code, start, end)) is not None:
            start = closing(self.code, found.end())
            own = drawn_in(without_subqueries(self.code[found.end() + 1 : start - 1])) - set(self.scope)
            self._refuse_inner(found.end() + 1, start - 1, own)
            yield found.start(), start

    def _take_out(
        self, place: int, parts: list[tuple[int, int]], outer: dict[str, bool], *, computed: bool = False
    ) -> None:
        """Take the values of outer names out of parts of the statement, to a place before them."""
        if not outer:
            return
        fields: dict[str, str] = {}
        joined: set[str] = set()
        struct = f"{KEPT}outer_{self.made}"
        made: list[tuple[int, int, str]] = []
        for start, end in parts:
            joined |= drawn_in(self.code[start:end]) & self.optional & set(outer)
            local = {name for found in _LOCAL.finditer(self.code, start, end) for name in found.groups() if name}
            for found in _NAME.finditer(self.code, start, end):
                name = found[1]
                if name not in outer or name in local or (outer[name] and found[2] is None):
                    continue
                stop = self.text.index("`", found.end()) + 1 if found["quoted"] else found.end()
                value = self.text[found.start() : stop]
                made.append((found.start(), stop, f"{struct}.{fields.setdefault(value, f'p{len(fields)}')}"))
        added = ""
        if fields:
            listed = []
            for value, name in fields.items():
                if value in self.computed:  # only the entry of a list is not computed again
                    added += f"UNWIND [{value}] AS {KEPT}{name}_{self.made} "
                    value = f"{KEPT}{name}_{self.made}"
                listed.append(f"{name} := {value}")
            value = f"struct_pack({', '.join(listed)})"
            if joined:  # keys of which some are null and others not lose rows too
                there = " AND ".join(f"id({name}) IS NOT NULL" for name in sorted(joined))
                value = f"CASE WHEN {there} THEN {value} ELSE NULL END"
            self._refuse_listed(drawn_in(self.code[parts[0][0] : parts[0][1]]), "an OPTIONAL MATCH with a condition")
            added += f"WITH *, {value} AS {struct} "
            self.structs.append(struct)
            self.made += 1
        if computed:
            added += self._computed(parts, made)
            made = []
        self.changes += made
        if added:
            self.changes.append((place, place, f" {added}"))

    def _keep_structs(self, clause: Clause) -> None:
        """Keep the structs through a ``WITH``: Ladybug may crash if the same values are joined by another one later."""
        if clause.word != "WITH":
            return
        code = self.code[clause.start : clause.condition]
        if AGGREGATE.search(code) or re.match(r"WITH\s+DISTINCT\b", code, re.IGNORECASE):
            self.structs = []
            return
        items = _AFTER_ITEMS.split(code)[0].rstrip()
        if self.structs and not re.match(r"WITH\s*\*", items, re.IGNORECASE):
            end = clause.start + len(items)
            self.changes.append((end, end, "".join(f", {name}" for name in self.structs)))

    def _computed(self, parts: list[tuple[int, int]], made: list[tuple[int, int, str]]) -> str:
        """Return the clauses that compute subqueries, and replace each by its name."""
        added = ""
        for start, end in parts:
            inside = [(a - start, b - start, new) for a, b, new in made if start <= a < end]
            first, then = (f"{KEPT}value_{self.made}", f"{KEPT}each_{self.made}")
            self.made += 1
            added += f"WITH *, {_changed(self.text[start:end], inside)} AS {first} UNWIND [{first}] AS {then} "
            self.changes.append((start, end, then))
        return added

    def _refuse_unsure(self, clause: Clause) -> None:
        """Refuse a subquery about a node that may be null or comes from a list, which gets the values of others."""
        start = clause.start
        while (found := SUBQUERY.search(self.code, start, clause.end)) is not None:
            start = closing(self.code, found.end())
            names = drawn_in(self.code[found.end() : start]) & set(self.scope)
            what = f"{found[0].strip().upper()} {{ … }}"
            for name in sorted(names & self.optional):
                raise StoreError(
                    f"{what} uses {name} of an OPTIONAL MATCH, which may be null; the embedded database would give "
                    "some rows the values of others. Use MATCH for it, or a further OPTIONAL MATCH and count in a "
                    f"WITH: OPTIONAL MATCH ({name})-[t:TOUCHES]-() WITH {name}, count(t) AS n."
                )
            self._refuse_listed(names, what)

    def _refuse_bare(self, clause: Clause) -> None:
        """Refuse a pattern as a condition that takes values from outside: it cannot be told from other brackets."""
        start = clause.start if clause.word in ("WITH", "RETURN") else clause.condition
        for found in _BARE.finditer(without_subqueries(self.code[start : clause.end])):
            if any(name[1] in self.scope for name in _NAME.finditer(found[1]) if name[2]):
                raise StoreError(
                    f"the pattern with {found[1]} as a condition takes a value from outside, whose rows the embedded "
                    "database would lose where that is null; write EXISTS { MATCH … } around the pattern."
                )

    def _refuse_listed(self, names: set[str], what: str) -> None:
        for name in sorted(names & self.listed):
            raise StoreError(
                f"{what} uses {name} of a list (UNWIND), which the embedded database would take for any cell; keep the "
                "cells in rows instead of a list (WITH a instead of collect(a)), or match it in a MATCH."
            )

    def _refuse_inner(self, start: int, end: int, own: set[str]) -> None:
        """Refuse a subquery in a part of the statement that takes values of the names of that part."""
        while (found := SUBQUERY.search(self.code, start, end)) is not None:
            start = closing(self.code, found.end())
            for name in _NAME.finditer(self.code, found.end(), start):
                if name[1] in own and name[2] is not None:
                    raise StoreError(
                        f"a subquery uses {name[0]} of the {self.code[found.start() : found.end()].strip().upper()} "
                        "or OPTIONAL MATCH around it, whose matches the embedded database would lose where that is "
                        "null; match both in one pattern, or count in a WITH of its own first, as in MATCH (b:Cell) "
                        "OPTIONAL MATCH (b)-[t:TOUCHES]-() WITH b, count(t) AS n."
                    )


def _changed(text: str, changes: list[tuple[int, int, str]]) -> str:
    """Return a text with parts replaced."""
    parts, at = [], 0
    for start, end, new in sorted(changes, key=lambda change: change[:2]):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])
