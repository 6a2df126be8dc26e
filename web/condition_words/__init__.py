"""Conditions in words: the sentence of a whole tree, and the words of facts, operators and values for lists."""

from web.condition_words.labels import fact_words, family_words, operator_words, value_words, window_words
from web.condition_words.names import Names
from web.condition_words.sentences import sentence

__all__ = ["Names", "fact_words", "family_words", "operator_words", "sentence", "value_words", "window_words"]
