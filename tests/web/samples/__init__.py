"""Sample contexts for every template: one morning of an agency with three clients."""

from tests.web.samples.asking import asking_pages
from tests.web.samples.digests import digest_pages
from tests.web.samples.doors import door_pages
from tests.web.samples.health import health_pages
from tests.web.samples.seeing import seeing_pages
from tests.web.samples.settings import settings_pages
from tests.web.samples.tables import table_pages


def pages():
    """Every sample page: name -> (template, context)."""
    return {
        **seeing_pages(),
        **asking_pages(),
        **settings_pages(),
        **door_pages(),
        **table_pages(),
        **digest_pages(),
        **health_pages(),
    }
