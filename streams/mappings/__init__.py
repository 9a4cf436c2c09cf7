"""Dialects of the field as mapping files; a platform's own file starts from one with `dialect = "<name>"`."""
