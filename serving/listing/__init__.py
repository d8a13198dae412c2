"""Lists of cases, and of assessments of one."""
