"""Bringing in a spreadsheet: upload, mapping, check, decisions, taking over, undoing.

mapping    a file becomes a run; which column is what
parsing    from cells to values; the only place that knows columns and cleaning
matching   which organisation a row means
checking   what each row would do (background task)
deciding   what she wants of it
applying   all of it in one transaction (background task)
undoing    all of it back (background task)
ending     thrown away, forgotten, the file of faulty rows
"""
