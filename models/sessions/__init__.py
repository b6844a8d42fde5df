"""Who is signed in where, and the browsers that are known."""
