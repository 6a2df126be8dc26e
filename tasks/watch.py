"""What is counted for all cafés together."""

from domain import clock
from domain.watch import promptness
from models.database import db
from tasks import queues


def count_promptness() -> None:
    """Count how promptly messages left today and yesterday."""
    queues.taken("watch.count_promptness")
    promptness.count(db.session(), now=clock.now())
    db.session.commit()
