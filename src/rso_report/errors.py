"""The one kind of error that is meant for the person who runs the report."""


class ReportError(Exception):
    """A message in plain words: what was found, what is allowed, what to do.

    IPython shows it without a traceback, so that it stands alone under plain Papermill too.
    """

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()
