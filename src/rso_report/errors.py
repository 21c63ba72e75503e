"""The errors that are meant for the person who runs the report."""


class ReportError(Exception):
    """A message in plain words: what was found, what is allowed, what to do.

    IPython shows it without a traceback, so that it stands alone under plain Papermill too.
    `exit_status` is what the command line ends with.
    """

    exit_status = 1

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class FileError(ReportError):
    """Something could not be read or written: it is absent, no such format, or not permitted."""

    exit_status = 3
