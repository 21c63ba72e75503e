"""How registered sexual offenders are managed: data, statistics and pages of the report."""
