"""People, answers, agreements, the message ledger and the journal, in SQL; and content files."""
