"""The builder of conditions: what a person typed, as rows and groups, and the tree that they make.

Works the same with and without script: every press of a button is a form that carries all that was typed.
"""
