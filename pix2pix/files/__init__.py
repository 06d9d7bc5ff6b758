"""What is read and written: results as files, receipts, names, folders, archives, contact sheets."""
