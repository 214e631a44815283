"""Files that people upload: kept in rows, checked and imported by workers."""
