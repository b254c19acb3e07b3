"""Imports every domain's jobs and connects what must not know each other."""


def connect_modules() -> None:
    """Register jobs and listeners; a second call adds nothing."""
    import belvedere.accounts.jobs
    import belvedere.core.maintenance
    import belvedere.notify.jobs
    import belvedere.outreach.jobs
    import belvedere.sources.jobs
    import belvedere.watchtower.digests_jobs
    import belvedere.watchtower.jobs  # noqa: F401 - importing registers
    from belvedere.wiring.connections import connect

    connect()
