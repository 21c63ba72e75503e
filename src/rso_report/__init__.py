"""How registered sexual offenders are managed: data, statistics and pages of the report."""

import sys

# jsonschema imports this grammar, where it is installed, to check the format "iri", which nothing
# here has. It is built anew by each import: without this line `import papermill` takes 2.4 s, with
# it 0.6 s (5 runs each), and that twice a notebook, in the process that executes it and in its
# kernel, and once a book. So this package is imported before them. Nothing depends on it.
sys.modules.setdefault("rfc3987_syntax", None)
