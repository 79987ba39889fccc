"""Small files of every trait that media in the wild have, each with what is true of it."""
