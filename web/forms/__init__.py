"""Forms: what a page asks, and how a rule's "no" finds its field."""

from flask_wtf import FlaskForm

from domain.errors import Refusal
from web.refusal_words import in_words


class Form(FlaskForm):
    """The base of all forms. The form token is checked for every unsafe request before, so none is a field here."""

    class Meta(FlaskForm.Meta):
        csrf = False

    def show(self, refusal: Refusal) -> str | None:
        """Put a rule's words beside the fields they concern. What concerns no field is returned."""
        loose = [] if refusal.errors else [in_words(refusal.detail)]
        for error in refusal.errors:
            field, words = self._fields.get(error.path), in_words(error.message)
            if field is None:
                loose.append(words)
            else:
                field.errors = [*field.errors, words]
        return " ".join(loose) or None
