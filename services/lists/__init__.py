"""Live lists: one declaration, from which a list's query, SQL, rows, patches and export follow."""
