"""The database's roles and tables: made on the first deploy, brought to each release by the next ones."""
