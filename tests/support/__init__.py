"""What tests of several kinds share: real servers, waiting with a deadline, the whole stack."""
