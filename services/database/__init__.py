"""Where the hard part begins: the one way to read and change the database, and who writes next.

What one process is made of stands here, too (`runtime`, `startup`): every part of it runs on the
database, or tells others what was committed there. A reader begins with `transaction`.
"""
