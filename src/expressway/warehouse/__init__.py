"""The star schema on three engines: load a study, all or nothing; the ledger; views; export."""
