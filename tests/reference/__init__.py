"""The second opinion: a plain interpreter of the query language, a generator of cases, and a comparer of answers.

Written from the language's rules alone, with loops and dictionaries; it shares the syntax tree with the
engine and nothing else.
"""
