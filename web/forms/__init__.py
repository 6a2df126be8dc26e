"""Forms: what a page asks, and how a rule's "no" finds its field."""

from flask_wtf import FlaskForm

from domain.errors import Refusal


class Form(FlaskForm):
    """The base of all forms. The form token is checked for every unsafe request before, so none is a field here."""

    class Meta(FlaskForm.Meta):
        csrf = False

    def show(self, refusal: Refusal) -> str | None:
        """Put a rule's words beside the fields they concern. What concerns no field is returned."""
        loose = [] if refusal.errors else [refusal.detail]
        for error in refusal.errors:
            field = self._fields.get(error.path)
            if field is None:
                loose.append(error.message)
            else:
                field.errors = [*field.errors, error.message]
        return " ".join(loose) or None
