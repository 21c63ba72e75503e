"""How registered sexual offenders are managed: data, statistics and pages of the report."""

import sys

# Where it is installed, jsonschema imports this to check the format "iri", which nothing here has.
# It builds a grammar whenever it is imported: a second of each notebook's six, and twice.
sys.modules.setdefault("rfc3987_syntax", None)
