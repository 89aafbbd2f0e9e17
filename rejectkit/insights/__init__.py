"""The Logs Insights query language, offline: text to query, query to SQL.

>>> from rejectkit.insights import parse
>>> len(parse("filter action = 'REJECT' | limit 5").stages)
2
"""

from rejectkit.insights.answer import Answer, AnswerColumn
from rejectkit.insights.compile import Column, Compiled, Table, compile_query
from rejectkit.insights.parse import parse

__all__ = ["Answer", "AnswerColumn", "Column", "Compiled", "Table", "compile_query", "parse"]
